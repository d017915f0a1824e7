package local

import (
	"context"
	"errors"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/records"
)

// Only profiles have tags. The operations on them have classes of errors of
// their own; the texts have not been seen.

// mostTags is how many tags a profile has at most.
const mostTags = 200

// ListTagsForResource returns the tags of a profile.
func (e *Engine) ListTagsForResource(ctx context.Context, in *signer.ListTagsForResourceInput, _ ...func(*signer.Options)) (*signer.ListTagsForResourceOutput, error) {
	if err := checkTags("ListTagsForResource", in); err != nil {
		return nil, err
	}
	p, err := e.tagged(ctx, aws.ToString(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	return &signer.ListTagsForResourceOutput{Tags: profileRow(p).Tags}, nil
}

// TagResource adds tags to a profile, or changes their values.
func (e *Engine) TagResource(ctx context.Context, in *signer.TagResourceInput, _ ...func(*signer.Options)) (*signer.TagResourceOutput, error) {
	if err := checkTags("TagResource", in); err != nil {
		return nil, err
	}
	err := e.retag(ctx, aws.ToString(in.ResourceArn), func(tags map[string]string) { maps.Copy(tags, in.Tags) })
	if err != nil {
		return nil, err
	}
	return &signer.TagResourceOutput{}, nil
}

// UntagResource removes tags from a profile. Those it does not have do no harm.
func (e *Engine) UntagResource(ctx context.Context, in *signer.UntagResourceInput, _ ...func(*signer.Options)) (*signer.UntagResourceOutput, error) {
	if err := checkTags("UntagResource", in); err != nil {
		return nil, err
	}
	err := e.retag(ctx, aws.ToString(in.ResourceArn), func(tags map[string]string) {
		for _, key := range in.TagKeys {
			delete(tags, key)
		}
	})
	if err != nil {
		return nil, err
	}
	return &signer.UntagResourceOutput{}, nil
}

// retag changes the tags of a profile. If somebody else changes them meanwhile
// it begins again, so that no change is lost.
func (e *Engine) retag(ctx context.Context, arn string, change func(tags map[string]string)) error {
	store, err := e.memory(ctx)
	if err != nil {
		return err
	}
	for {
		p, err := e.tagged(ctx, arn)
		if err != nil {
			return err
		}
		if p.Status == records.Canceled {
			return badRequest("Signing profile %s is canceled: its tags cannot be changed.", p.Name)
		}
		tags := map[string]string{}
		maps.Copy(tags, p.Tags)
		change(tags)
		if len(tags) > mostTags {
			return badRequest("A signing profile can have at most %d tags.", mostTags)
		}
		err = store.SetTags(ctx, e.caller, p.Name, p.Tags, tags)
		if !errors.Is(err, records.ErrChanged) {
			return err
		}
	}
}

// tagged returns the profile that an ARN names.
func (e *Engine) tagged(ctx context.Context, arn string) (records.Profile, error) {
	name, ok := strings.CutPrefix(arn, profileARN(e.caller, ""))
	if !ok || strings.Contains(name, "/") {
		return records.Profile{}, badRequest("%s is not the ARN of a signing profile of account %s in %s.", arn, e.caller.Account, e.caller.Region)
	}
	store, err := e.memory(ctx)
	if err != nil {
		return records.Profile{}, err
	}
	p, err := store.Profile(ctx, e.caller, name)
	if errors.Is(err, records.ErrNotFound) {
		return p, &types.NotFoundException{Message: message("Signing Profile with name %s does not exist.", []any{name})}
	}
	return p, err
}

// checkTags is check with the class of error that tags have.
func checkTags(operation string, in any) error {
	var invalid *types.ValidationException
	if err := check(operation, in); errors.As(err, &invalid) {
		return &types.BadRequestException{Message: invalid.Message}
	}
	return nil
}

func badRequest(format string, args ...any) error {
	return &types.BadRequestException{Message: message(format, args)}
}
