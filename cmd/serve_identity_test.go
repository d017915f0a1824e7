package cmd_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// Whoever asks is told who they are, each time the same.
func TestServeIdentity(t *testing.T) {
	h := newServeHome(t)
	s := h.start(t)
	ask := func(key aws.Credentials) (*sts.GetCallerIdentityOutput, error) {
		c := sts.New(sts.Options{Region: serveRegion, BaseEndpoint: aws.String(s.url), Retryer: aws.NopRetryer{},
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return key, nil })})
		return c.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	}
	maria := h.key(t, "maria")
	told, err := ask(maria)
	must(t, err)
	if *told.Account != serveAccount || *told.Arn != "arn:aws:iam::"+serveAccount+":user/maria" || !strings.HasPrefix(*told.UserId, "AIDA") || len(*told.UserId) != 21 {
		t.Errorf("maria is %s, %s, %s", *told.Account, *told.Arn, *told.UserId)
	}
	paul, err := ask(h.key(t, "paul"))
	must(t, err)
	again, err := ask(maria)
	must(t, err)
	if *again.UserId != *told.UserId || *paul.UserId == *told.UserId {
		t.Errorf("maria is %s, then %s, and paul is %s", *told.UserId, *again.UserId, *paul.UserId)
	}
	var refused smithy.APIError
	if _, err := ask(aws.Credentials{AccessKeyID: maria.AccessKeyID, SecretAccessKey: "guessed"}); !errors.As(err, &refused) || refused.ErrorCode() != "SignatureDoesNotMatch" {
		t.Errorf("a forger is told %v", err)
	}
}
