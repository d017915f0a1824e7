package enginetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
)

func (w *World) tags(t *testing.T, arn string) map[string]string {
	t.Helper()
	out, err := w.Engine.ListTagsForResource(ctx, &signer.ListTagsForResourceInput{ResourceArn: &arn})
	must(t, err)
	return out.Tags
}

func (w *World) tag(arn string, tags map[string]string) error {
	_, err := w.Engine.TagResource(ctx, &signer.TagResourceInput{ResourceArn: &arn, Tags: tags})
	return err
}

var tagTests = map[string]func(*testing.T, *World){
	"ComeAndGo": func(t *testing.T, w *World) {
		name := w.name("web")
		arn := w.arn("signing-profiles/" + name)
		w.lambdaProfile(t, name)
		same(t, w.tags(t, arn), map[string]string{})
		must(t, w.tag(arn, map[string]string{"team": "a", "cost:center": "12"}))
		must(t, w.tag(arn, map[string]string{"team": "b"}))
		same(t, w.tags(t, arn), map[string]string{"team": "b", "cost:center": "12"})
		_, err := w.Engine.UntagResource(ctx, &signer.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"team", "absent"}})
		must(t, err)
		same(t, w.tags(t, arn), map[string]string{"cost:center": "12"})
	},
	"Limits": func(t *testing.T, w *World) {
		name := w.name("web")
		arn := w.arn("signing-profiles/" + name)
		w.lambdaProfile(t, name)
		many := map[string]string{}
		for i := range 200 {
			many[fmt.Sprint("k", i)] = ""
		}
		must(t, w.tag(arn, many))
		for _, tags := range []map[string]string{{"one": "more"}, {"aws:k": "v"}, {"k0": string(make([]byte, 257))}, {"k 0": "v"}} {
			refusedAs[*types.BadRequestException](t, w.tag(arn, tags))
		}
		same(t, w.tags(t, arn), many)
	},
	"LimitsOfNewProfiles": func(t *testing.T, w *World) {
		put := func(tags map[string]string) error {
			_, err := w.Engine.PutSigningProfile(ctx, &signer.PutSigningProfileInput{ProfileName: aws.String(w.name("web")), PlatformId: aws.String(lambda), Tags: tags})
			return err
		}
		most := map[string]string{strings.Repeat("k", 128): strings.Repeat("é", 256), "+,-./09:;<=_aZ": ""}
		for i := range 198 {
			most[fmt.Sprint("k", i)] = "v"
		}
		for _, tags := range []map[string]string{{"": "v"}, {"aws:k": "v"}, {"k k": "v"}, {"k>": "v"}, {"é": "v"}, {strings.Repeat("k", 129): "v"}, {"k": strings.Repeat("v", 257)}} {
			refusedAs[*types.ValidationException](t, put(tags))
		}
		most["one"] = "more"
		refusedAs[*types.ValidationException](t, put(most))
		delete(most, "one")
		must(t, put(most))
		same(t, w.tags(t, w.arn("signing-profiles/"+w.name("web"))), most)
	},
	"Refused": func(t *testing.T, w *World) {
		name := w.name("web")
		arn := w.arn("signing-profiles/" + name)
		refusedAs[*types.NotFoundException](t, w.tag(arn, map[string]string{"a": "b"}))
		refusedAs[*types.BadRequestException](t, w.tag("arn:nothing", map[string]string{"a": "b"}))
		w.lambdaProfile(t, name)
		w.cancel(t, name)
		refusedAs[*types.BadRequestException](t, w.tag(arn, map[string]string{"a": "b"}))
		_, err := w.Engine.ListTagsForResource(ctx, &signer.ListTagsForResourceInput{ResourceArn: aws.String(w.arn("signing-jobs/1"))})
		refusedAs[*types.BadRequestException](t, err)
	},
}
