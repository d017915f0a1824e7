package local

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/records"
)

// longest is how long signatures are valid unless a profile says less, and at
// most.
var longest = records.Validity{Value: 135, Unit: string(types.ValidityTypeMonths)}

// expiry counts by the calendar, at the same time of day. Where a month is too
// short for the day it ends with its last one, as in Java: AWS shows no such
// case, and Go's own AddDate would run on into the next month.
func expiry(from time.Time, v records.Validity) time.Time {
	from = from.UTC()
	switch types.ValidityType(v.Unit) {
	case types.ValidityTypeDays:
		return from.AddDate(0, 0, int(v.Value))
	case types.ValidityTypeYears:
		return addMonths(from, 12*int(v.Value))
	}
	return addMonths(from, int(v.Value))
}

func addMonths(from time.Time, n int) time.Time {
	first := from.AddDate(0, 0, 1-from.Day()).AddDate(0, n, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(from.Day(), last)-1)
}
