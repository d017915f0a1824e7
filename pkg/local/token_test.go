package local

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/records"
)

func TestTokenOfJobs(t *testing.T) {
	at := time.Date(2026, 11, 21, 12, 0, 0, 123456000, time.UTC)
	token := afterJob(records.Job{ID: "id", CreatedAt: at})
	got, err := jobPosition(&token)
	if err != nil || got.ID != "id" || !got.CreatedAt.Equal(at) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := place(&token, "profiles", 2); err == nil {
		t.Error("the token of jobs is one of profiles")
	}
}

// Tokens come from strangers.
func FuzzToken(f *testing.F) {
	for _, seed := range []string{"", "nonsense", nextToken("jobs", "1", "id"), nextToken("jobs", "-9223372036854775808", ""), nextToken("jobs", "1"), nextToken("profiles", "web")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		at, err := jobPosition(&token)
		if err != nil {
			if invalid := (*types.ValidationException)(nil); !errors.As(err, &invalid) {
				t.Errorf("got %v", err)
			}
			return
		}
		again := afterJob(records.Job{ID: at.ID, CreatedAt: at.CreatedAt})
		if same, err := jobPosition(&again); err != nil || same.ID != at.ID || !same.CreatedAt.Equal(at.CreatedAt) {
			t.Errorf("%q: got %v, then %v, %v", token, at, same, err)
		}
	})
}
