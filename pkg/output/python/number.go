package python

import (
	"cmp"
	"errors"
	"math"
	"math/big"
	"strings"

	"signer/pkg/document"
)

// IsNumber tells whether v is a number. In a query a boolean is none, though it
// is one in Python.
func IsNumber(v document.Value) bool {
	switch v.(type) {
	case int64, *big.Int, float64:
		return true
	}
	return false
}

// Compare orders two numbers by their exact value, or two strings by their code
// points. It is not ok for anything else, and for NaN.
func Compare(a, b document.Value) (order int, ok bool) {
	if IsNumber(a) && IsNumber(b) {
		return compareNumbers(a, b)
	}
	s, isString := a.(string)
	t, alsoString := b.(string)
	return strings.Compare(s, t), isString && alsoString
}

// number returns v as a number, which a boolean is too.
func number(v document.Value) (document.Value, bool) {
	if v == true {
		return int64(1), true
	}
	if v == false {
		return int64(0), true
	}
	return v, IsNumber(v)
}

func compareNumbers(a, b document.Value) (order int, ok bool) {
	if isNaN(a) || isNaN(b) {
		return 0, false
	}
	x, small := a.(int64)
	y, alsoSmall := b.(int64)
	if small && alsoSmall {
		return cmp.Compare(x, y), true
	}
	return exact(a).Cmp(exact(b)), true
}

func isNaN(v document.Value) bool {
	f, ok := v.(float64)
	return ok && math.IsNaN(f)
}

// exact returns the number with as many bits as it has.
func exact(v document.Value) *big.Float {
	switch v := v.(type) {
	case float64:
		return big.NewFloat(v)
	case *big.Int:
		return new(big.Float).SetInt(v)
	}
	return new(big.Float).SetInt64(v.(int64))
}

// Float returns the float nearest to a number. Python refuses integers that no
// float is near to.
func Float(v document.Value) (float64, error) {
	f, _ := exact(v).Float64()
	if _, isFloat := v.(float64); !isFloat && math.IsInf(f, 0) {
		return 0, errors.New("integer too large to convert to float")
	}
	return f, nil
}

// Int returns n as the value that document has for it.
func Int(n *big.Int) document.Value {
	if n.IsInt64() {
		return n.Int64()
	}
	return n
}

func bigInt(v document.Value) *big.Int {
	if n, ok := v.(*big.Int); ok {
		return n
	}
	return big.NewInt(v.(int64))
}

// Abs returns the number without its sign.
func Abs(v document.Value) document.Value {
	if f, ok := v.(float64); ok {
		return math.Abs(f)
	}
	return Int(new(big.Int).Abs(bigInt(v)))
}

// Round returns the number as an integer, rounded by round if it is a float:
// math.Ceil or math.Floor.
func Round(v document.Value, round func(float64) float64) (document.Value, error) {
	f, ok := v.(float64)
	if !ok {
		return v, nil
	}
	if math.IsNaN(f) {
		return nil, errors.New("cannot convert float NaN to integer")
	}
	if math.IsInf(f, 0) {
		return nil, errors.New("cannot convert float infinity to integer")
	}
	n, _ := big.NewFloat(round(f)).Int(nil)
	return Int(n), nil
}

// Sum adds numbers as sum does since Python 3.12: exactly while they are
// integers, and with Neumaier's compensation once there was a float, unless an
// integer has come that has more than 64 bits.
func Sum(numbers document.List) (document.Value, error) {
	var sum document.Value = int64(0)
	for i, v := range numbers {
		if f, ok := sum.(float64); ok {
			return sumFloats(f, numbers[i:])
		}
		if isBig(sum) || isBig(v) {
			return addAll(sum, numbers[i:])
		}
		var err error
		if sum, err = add(sum, v); err != nil {
			return nil, err
		}
	}
	return sum, nil
}

func isBig(v document.Value) bool {
	_, ok := v.(*big.Int)
	return ok
}

// sumFloats compensates for what is lost of floats only, as Python does.
func sumFloats(sum float64, numbers document.List) (document.Value, error) {
	lost := 0.0
	for i, v := range numbers {
		if isBig(v) {
			return addAll(compensated(sum, lost), numbers[i:])
		}
		x, isFloat := v.(float64)
		if !isFloat {
			sum += float64(v.(int64))
			continue
		}
		next := sum + x
		if math.Abs(sum) >= math.Abs(x) {
			lost += (sum - next) + x
		} else {
			lost += (x - next) + sum
		}
		sum = next
	}
	return compensated(sum, lost), nil
}

func compensated(sum, lost float64) float64 {
	if lost == 0 || math.IsInf(lost, 0) || math.IsNaN(lost) {
		return sum
	}
	return sum + lost
}

func addAll(sum document.Value, numbers document.List) (document.Value, error) {
	for _, v := range numbers {
		var err error
		if sum, err = add(sum, v); err != nil {
			return nil, err
		}
	}
	return sum, nil
}

func add(a, b document.Value) (document.Value, error) {
	_, isFloat := a.(float64)
	_, alsoFloat := b.(float64)
	if !isFloat && !alsoFloat {
		return Int(new(big.Int).Add(bigInt(a), bigInt(b))), nil
	}
	x, err := Float(a)
	if err != nil {
		return nil, err
	}
	y, err := Float(b)
	return x + y, err
}
