package cmd

import (
	"testing"

	"signer/pkg/bucket/transfer"
)

func TestTransferred(t *testing.T) {
	half := transfer.Progress{Done: transfer.Tally{Versions: 40, Markers: 10, Bytes: 5 << 20}, Total: transfer.Tally{Versions: 90, Markers: 10, Bytes: 10 << 20}}
	for _, tc := range []struct {
		doing transfer.Phase
		p     transfer.Progress
		want  string
	}{
		{transfer.Looking, half, "100 versions, 10 MB"},
		{transfer.Copying, half, "copy    [===============               ]  50%   50 of 100 versions,  5 of 10 MB"},
		{transfer.Comparing, transfer.Progress{Total: transfer.Tally{Versions: 1}}, "compare [                              ]   0%  0 of 1 versions, 0 of 0 MB"},
		{transfer.Copying, transfer.Progress{}, "copy    [                              ]   0%  0 of 0 versions, 0 of 0 MB"},
	} {
		if got := transferred(tc.doing, tc.p); got != tc.want {
			t.Errorf("got  %q\nwant %q", got, tc.want)
		}
	}
}
