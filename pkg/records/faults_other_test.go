//go:build !linux

package records_test

var confinedChildren = map[string]func(string) error{}
