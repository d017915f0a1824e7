//go:build !linux

package local_test

var confinedChildren map[string]func(*home, string) error
