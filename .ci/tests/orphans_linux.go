package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// adopt makes this process the parent of whatever is left of its descendants
// (PR_SET_CHILD_SUBREAPER, prctl(2)).
func adopt() {
	const subreaper = 36
	syscall.Syscall(syscall.SYS_PRCTL, subreaper, 1, 0)
}

// orphans are the processes that are left, after a moment in which they may end by
// themselves. They are ended.
func orphans() (all []string) {
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if all = nil; len(children()) == 0 {
			return nil
		}
		if time.Now().After(until) {
			break
		}
	}
	for _, pid := range children() {
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		all = append(all, fmt.Sprint(pid, " ", strings.ReplaceAll(string(line), "\x00", " ")))
		syscall.Kill(pid, syscall.SIGKILL)
	}
	return all
}

// children are the processes that this one is the parent of, but for those that have
// ended.
func children() (all []int) {
	for { // takes notice of those
		if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
			break
		}
	}
	files, _ := filepath.Glob("/proc/self/task/*/children")
	for _, file := range files {
		text, _ := os.ReadFile(file)
		for _, word := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(word); err == nil {
				all = append(all, pid)
			}
		}
	}
	return all
}
