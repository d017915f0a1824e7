package engine

import (
	"maps"
	"slices"
	"testing"

	"signer/pkg/api"
)

func TestMethodsAreTheOperations(t *testing.T) {
	var want []string
	for _, op := range api.Signer.Operations {
		want = append(want, op.Name)
	}
	if got := slices.Sorted(maps.Keys(methods)); !slices.Equal(got, want) {
		t.Errorf("methods %v, operations %v", got, want)
	}
}
