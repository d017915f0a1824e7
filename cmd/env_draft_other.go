//go:build !linux

package cmd

import (
	"errors"
	"os"
)

// unnamedFile is for systems where a file can be without a name.
func unnamedFile(string) (*os.File, error) { return nil, errors.ErrUnsupported }

func nameFile(*os.File, string) error { return errors.ErrUnsupported }

// beginSync does nothing where there is no such call.
func beginSync(*os.File, int64, int64) {}
