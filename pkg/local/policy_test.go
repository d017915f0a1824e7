package local

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/records"
)

// Twenty statements of a profile do not fit into two thousand bytes: these are
// smaller than any that the service makes.
func TestPolicyOfManyStatements(t *testing.T) {
	var p policy
	for i := range mostStatements {
		var err error
		if p, err = p.with(statement{Sid: fmt.Sprint(i)}); err != nil {
			t.Fatalf("statement %d: %v", i, err)
		}
	}
	full := (*types.ServiceLimitExceededException)(nil)
	if _, err := p.with(statement{}); !errors.As(err, &full) {
		t.Errorf("got %v", err)
	}
}

func TestDamagedPolicy(t *testing.T) {
	for _, text := range []string{"{", `{"Sid":"a"}`, `[{"Sid":1}]`} {
		if _, err := parsePolicy(records.Policy{Profile: "web", Statements: text}); err == nil || !strings.Contains(err.Error(), "the policy of profile web is damaged") {
			t.Errorf("%s: got %v", text, err)
		}
	}
}
