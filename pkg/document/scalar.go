package document

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// Integer returns the value of a run of decimal digits with an optional sign,
// as int64 or, where that is too small, as *big.Int. The text must be that.
func Integer(digits string) Value {
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return n
	}
	n, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		return int64(0)
	}
	return n
}

// FormatFloat writes f as Python's repr does, which is how the AWS CLI shows
// floating point numbers: 1.0, 0.1, 1e-07, 1e+20, inf, -inf, nan.
func FormatFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func equalScalar(a, b Value) bool {
	switch a := a.(type) {
	case *big.Int:
		b, ok := b.(*big.Int)
		return ok && a.Cmp(b) == 0
	case time.Time:
		b, ok := b.(time.Time)
		return ok && a.Equal(b)
	}
	switch b.(type) {
	case List, []byte, *Object:
		return false
	}
	return a == b
}
