package cmd

import (
	"strings"
	"testing"

	"signer/pkg/api"
)

// Every operation of the data is carried out, and what the local store is said to
// do justice to are parameters.
func TestOperationsAreCarriedOut(t *testing.T) {
	for _, op := range api.S3().Operations {
		if s3Calls[op.Name] == nil {
			t.Errorf("nobody calls %s", op.Name)
		}
		for name := range strings.FieldsSeq(kept[op.Name]) {
			if op.Input.Member(name) == nil {
				t.Errorf("%s has no parameter %s", op.Name, name)
			}
		}
		for _, m := range op.Input.Members {
			if m.Required && !strings.Contains(" "+kept[op.Name]+" ", " "+m.Name+" ") {
				t.Errorf("%s would always be refused for its %s", op.Name, m.Name)
			}
		}
	}
	for _, op := range api.ACM().Operations {
		if acmCalls[op.Name] == nil {
			t.Errorf("nobody calls %s", op.Name)
		}
	}
	for _, op := range api.IAM().Operations {
		if iamCalls[op.Name] == nil {
			t.Errorf("nobody calls %s", op.Name)
		}
	}
}
