package cmd

import (
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// saveFile has write fill a file. Only when it is whole and durable does it take the
// place of one that has its name. What is no plain file, such as a pipe, is written
// to as it is, and so is what a program has open already.
func saveFile(name string, write func(io.Writer) error) error {
	if name == "/dev/stdout" {
		return write(os.Stdout)
	}
	old, err := os.Stat(name)
	if err == nil && (!old.Mode().IsRegular() || strings.HasPrefix(name, "/dev/") || strings.HasPrefix(name, "/proc/")) {
		return fill(name, os.O_WRONLY, write)
	}
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	aside := filepath.Join(filepath.Dir(name), ".signer-"+rand.Text())
	err = fill(aside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, write)
	if err == nil && old != nil {
		err = os.Chmod(aside, old.Mode().Perm())
	}
	if err == nil {
		err = os.Rename(aside, name)
	}
	if err != nil {
		_ = os.Remove(aside) // the error that counts is the first
	}
	return err
}

// fill opens a file and has write fill it.
func fill(name string, flag int, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, flag, 0o666)
	if err != nil {
		return err
	}
	err = write(f)
	if flag&os.O_CREATE != 0 {
		err = errors.Join(err, f.Sync())
	}
	return errors.Join(err, f.Close())
}
