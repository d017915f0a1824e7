//go:build !linux && !darwin

package backup

import "errors"

// swap is for systems that can exchange two directories in one step.
func swap(string, string) error { return errors.ErrUnsupported }
