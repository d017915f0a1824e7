package local

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/records"
)

// policy is what a profile permits others, as its record keeps it: an array of
// JSON without blanks, whose length is what the service counts.
type policy []statement

// statement permits one action to one account or role.
type statement struct {
	Sid       string
	Effect    string
	Principal principal
	Action    string
	Resource  string
	Condition condition `json:",omitzero"`
}

type principal struct{ AWS string }

type condition struct{ StringEquals stringEquals }

type stringEquals struct {
	ProfileVersion string `json:"signer:ProfileVersion"`
}

// The bounds of a policy. The second cannot be reached by what fits into the
// first; it is told of AWS.
const (
	mostBytes      = 2000
	mostStatements = 20
)

func parsePolicy(p records.Policy) (policy, error) {
	if p.Statements == "" {
		return nil, nil
	}
	var all policy
	if err := json.Unmarshal([]byte(p.Statements), &all); err != nil {
		return nil, fmt.Errorf("the policy of profile %s is damaged in the records: %w", p.Profile, err)
	}
	return all, nil
}

func (p policy) String() string {
	text, _ := json.Marshal([]statement(p)) // texts alone: cannot fail
	return string(text)
}

// index of the statement with an id, or -1.
func (p policy) index(id string) int {
	return slices.IndexFunc(p, func(s statement) bool { return s.Sid == id })
}

// with returns the policy with one more statement, if it has room.
func (p policy) with(s statement) (policy, error) {
	p = append(slices.Clone(p), s)
	if len(p) > mostStatements || len(p.String()) > mostBytes {
		return nil, limitExceeded(codeServiceLimitExceeded, "Policy cannot exceed maximum size of %d bytes", mostBytes)
	}
	return p, nil
}

// permits tells whether the policy lets somebody with one of these names do
// something with a version of the profile.
func (p policy) permits(names []string, action, version string) bool {
	return slices.ContainsFunc(p, func(s statement) bool {
		return s.Action == "signer:"+action && slices.Contains(names, s.Principal.AWS) && s.isFor(version)
	})
}

func (s statement) isFor(version string) bool {
	only := s.Condition.StringEquals.ProfileVersion
	return only == "" || only == version
}

// permission is the statement as the service lists it: accounts by their
// numbers, as they were given.
func (s statement) permission() types.Permission {
	who := s.Principal.AWS
	if account, ok := strings.CutSuffix(who, ":root"); ok {
		who = account[strings.LastIndexByte(account, ':')+1:]
	}
	return types.Permission{
		Action: aws.String(s.Action), Principal: aws.String(who), StatementId: aws.String(s.Sid),
		ProfileVersion: optional(s.Condition.StringEquals.ProfileVersion),
	}
}
