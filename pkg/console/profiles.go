package console

import (
	"errors"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
)

// profileList is a page of profiles.
type profileList struct {
	Profiles    []types.SigningProfile
	Statuses    []types.SigningProfileStatus
	Platforms   []types.SigningPlatform
	Status      string // that is chosen
	Platform    string
	First, Next string
}

// profiles shows the profiles that pass the query's filters, by name.
func (c *console) profiles(r *http.Request) (*view, error) {
	p, e, err := c.place(r)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	in := &signer.ListSigningProfilesInput{IncludeCanceled: true, PlatformId: optional(q, "platform"), NextToken: optional(q, "page")}
	if status := q.Get("status"); status != "" {
		in.IncludeCanceled, in.Statuses = false, []types.SigningProfileStatus{types.SigningProfileStatus(status)}
	}
	out, err := e.ListSigningProfiles(r.Context(), in)
	if err != nil {
		return nil, err
	}
	platforms, err := allPlatforms(r.Context(), e)
	if err != nil {
		return nil, err
	}
	list := profileList{out.Profiles, types.SigningProfileStatus("").Values(), platforms, q.Get("status"), or(in.PlatformId, ""), "", pageLink(r, "page", out.NextToken)}
	if in.NextToken != nil {
		q.Del("page")
		list.First = "?" + q.Encode()
	}
	return &view{Title: "Profiles", Place: &p, Section: "profiles", Data: list}, nil
}

// profilePage is a profile with all that goes with it.
type profilePage struct {
	*signer.GetSigningProfileOutput
	Permissions []types.Permission
}

// profile shows a profile.
func (c *console) profile(r *http.Request) (*view, error) {
	p, e, err := c.place(r)
	if err != nil {
		return nil, err
	}
	name := r.PathValue("name")
	out, err := e.GetSigningProfile(r.Context(), &signer.GetSigningProfileInput{ProfileName: &name})
	if err != nil {
		return nil, err
	}
	granted, err := e.ListProfilePermissions(r.Context(), &signer.ListProfilePermissionsInput{ProfileName: &name})
	var none *types.ResourceNotFoundException
	switch {
	case errors.As(err, &none):
		granted = &signer.ListProfilePermissionsOutput{}
	case err != nil:
		return nil, err
	}
	return &view{Title: "Profile " + or(out.ProfileName, ""), Place: &p, Section: "profiles", Data: profilePage{out, granted.Permissions}}, nil
}

// revocationPage is what was revoked: a page of profiles and one of jobs.
type revocationPage struct {
	Profiles               []*signer.GetSigningProfileOutput
	Jobs                   []*signer.DescribeSigningJobOutput
	NextProfiles, NextJobs string
	Later                  bool // these are not the first pages
}

// revocations shows what was revoked, by whom and why.
func (c *console) revocations(r *http.Request) (*view, error) {
	p, e, err := c.place(r)
	if err != nil {
		return nil, err
	}
	page := revocationPage{Later: r.URL.RawQuery != ""}
	if err := page.addProfiles(r, e); err != nil {
		return nil, err
	}
	if err := page.addJobs(r, e); err != nil {
		return nil, err
	}
	return &view{Title: "Revocations", Place: &p, Section: "revocations", Data: page}, nil
}

// addProfiles adds revoked profiles. Lists do not say by whom and why they are.
func (page *revocationPage) addProfiles(r *http.Request, e Engine) error {
	out, err := e.ListSigningProfiles(r.Context(), &signer.ListSigningProfilesInput{
		Statuses: []types.SigningProfileStatus{types.SigningProfileStatusRevoked}, MaxResults: aws.Int32(few), NextToken: optional(r.URL.Query(), "profiles")})
	if err != nil {
		return err
	}
	for _, one := range out.Profiles {
		p, err := e.GetSigningProfile(r.Context(), &signer.GetSigningProfileInput{ProfileName: one.ProfileName})
		if err != nil {
			return err
		}
		page.Profiles = append(page.Profiles, p)
	}
	page.NextProfiles = pageLink(r, "profiles", out.NextToken)
	return nil
}

// addJobs adds jobs whose signatures are revoked.
func (page *revocationPage) addJobs(r *http.Request, e Engine) error {
	out, err := e.ListSigningJobs(r.Context(), &signer.ListSigningJobsInput{IsRevoked: true, MaxResults: aws.Int32(few), NextToken: optional(r.URL.Query(), "jobs")})
	if err != nil {
		return err
	}
	for _, one := range out.Jobs {
		j, err := e.DescribeSigningJob(r.Context(), &signer.DescribeSigningJobInput{JobId: one.JobId})
		if err != nil {
			return err
		}
		page.Jobs = append(page.Jobs, j)
	}
	page.NextJobs = pageLink(r, "jobs", out.NextToken)
	return nil
}

// few is how many entries a page has of which each has to be looked up.
const few = 10

// platforms shows what can be signed.
func (c *console) platforms(r *http.Request) (*view, error) {
	p, e, err := c.place(r)
	if err != nil {
		return nil, err
	}
	all, err := allPlatforms(r.Context(), e)
	return &view{Title: "Platforms", Place: &p, Section: "platforms", Data: all}, err
}
