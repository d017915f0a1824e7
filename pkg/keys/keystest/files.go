package keystest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"signer/pkg/keys"
)

// Place is a place for files that is new and empty. Open returns it anew each time, as
// another process would.
type Place struct {
	Open   func() keys.Files
	Undoes bool // a change that fails leaves nothing
}

// Files runs the suite of places for files. make makes a place.
func Files(t *testing.T, make func(*testing.T) Place) {
	for name, test := range map[string]func(*testing.T, Place){
		"Empty": testEmpty, "Change": testChange, "Lists": testLists, "Revisions": testRevisions, "Errors": testErrors, "OneAtATime": testOneAtATime,
		"WaitsNoLonger": testWaitsNoLonger, "Whole": testWhole, "Shared": testShared, "RootReplaced": testRootReplaced, "Passphrase": testPassphrase,
		"AtOnce": testAtOnce, "Successor": testSuccessor, "Copy": testCopy,
	} {
		t.Run(name, func(t *testing.T) { test(t, make(t)) })
	}
}

func wantAbsent(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func testEmpty(t *testing.T, p Place) {
	f := p.Open()
	_, err := f.Read(t.Context(), "authority/root.pem")
	wantAbsent(t, err)
	if revision, err := f.Revision(t.Context(), "authority/root.pem"); revision != "" || err != nil {
		t.Errorf("%q %v", revision, err)
	}
	names, err := f.List(t.Context(), "")
	must(t, err)
	all, err := f.ReadAll(t.Context(), "authority/")
	must(t, err)
	if len(names)+len(all) > 0 {
		t.Errorf("%q %q", names, all)
	}
	wantAbsent(t, f.Change(t.Context(), func(d keys.Draft) error { return d.Remove(t.Context(), "sealing.pem") }))
	if !strings.Contains(f.At("authority/root.pem"), "root.pem") || f.At("") == "" {
		t.Errorf("they are at %q, and in %q", f.At("authority/root.pem"), f.At(""))
	}
}

// put writes files in one change.
func put(t *testing.T, f keys.Files, files map[string]string) {
	t.Helper()
	must(t, f.Change(t.Context(), func(d keys.Draft) error {
		for name, text := range files {
			if err := d.Write(t.Context(), name, []byte(text)); err != nil {
				return err
			}
		}
		return nil
	}))
}

// A change sees what it has done, and others see it when it is done.
func testChange(t *testing.T, p Place) {
	f := p.Open()
	put(t, f, map[string]string{"a": "one", "dir/b": "", "dir/c": "line\nline\n"})
	must(t, f.Change(t.Context(), func(d keys.Draft) error {
		must(t, d.Write(t.Context(), "a", []byte("two")))
		must(t, d.Remove(t.Context(), "dir/b"))
		text, err := d.Read(t.Context(), "a")
		must(t, err)
		_, gone := d.Read(t.Context(), "dir/b")
		wantAbsent(t, gone)
		wantAbsent(t, d.Remove(t.Context(), "dir/b"))
		names, err := d.List(t.Context(), "")
		must(t, err)
		if string(text) != "two" || !slices.Equal(names, []string{"a", "dir/c"}) {
			t.Errorf("%q %q", text, names)
		}
		return nil
	}))
	all, err := p.Open().ReadAll(t.Context(), "")
	must(t, err)
	if want := map[string][]byte{"a": []byte("two"), "dir/c": []byte("line\nline\n")}; !maps.EqualFunc(all, want, slices.Equal) {
		t.Errorf("%q", all)
	}
}

func testLists(t *testing.T, p Place) {
	f := p.Open()
	put(t, f, map[string]string{"authority/us-east-1/leaf.pem": "1", "authority/root.pem": "2", "authority-2": "3", "certificates/Z.json": "4", "certificates/a.json": "5", "sealing.pem": "6"})
	for prefix, want := range map[string]string{
		"":                     "authority-2 authority/root.pem authority/us-east-1/leaf.pem certificates/Z.json certificates/a.json sealing.pem",
		"authority/":           "authority/root.pem authority/us-east-1/leaf.pem",
		"authority/us-east-1/": "authority/us-east-1/leaf.pem",
		"certificates/":        "certificates/Z.json certificates/a.json",
		"former/":              "",
	} {
		names, err := f.List(t.Context(), prefix)
		must(t, err)
		all, err := f.ReadAll(t.Context(), prefix)
		must(t, err)
		if got := strings.Join(names, " "); got != want || !slices.Equal(slices.Sorted(maps.Keys(all)), names) {
			t.Errorf("%q: %s, and %q", prefix, got, all)
		}
	}
}

// Every write makes another revision, by whomever and of whatever.
func testRevisions(t *testing.T, p Place) {
	f := p.Open()
	met := map[string]bool{"": true}
	for i, text := range []string{"one", "one", "two", "one"} {
		put(t, p.Open(), map[string]string{"authority/root.pem": text, "sealing.pem": strconv.Itoa(i)})
		for again := range 2 {
			revision, err := f.Revision(t.Context(), "authority/root.pem")
			must(t, err)
			if met[revision] != (again == 1) {
				t.Errorf("%d: %q was there before: %t", i, revision, met[revision])
			}
			met[revision] = true
		}
	}
	must(t, p.Open().Change(t.Context(), func(d keys.Draft) error { return d.Remove(t.Context(), "authority/root.pem") }))
	if revision, err := f.Revision(t.Context(), "authority/root.pem"); revision != "" || err != nil {
		t.Errorf("%q %v", revision, err)
	}
	put(t, p.Open(), map[string]string{"authority/root.pem": "one"})
	if revision, err := f.Revision(t.Context(), "authority/root.pem"); met[revision] || err != nil {
		t.Errorf("%q %v", revision, err)
	}
}

// An error of whoever changes something is his own. Where a place can do that nothing
// has happened then.
func testErrors(t *testing.T, p Place) {
	f := p.Open()
	put(t, f, map[string]string{"a": "one"})
	refusal := errors.New("no, i/o timeout: EOF") // which looks like that of a network
	times := 0
	err := f.Change(t.Context(), func(d keys.Draft) error {
		times++
		must(t, d.Write(t.Context(), "a", []byte("two")))
		return refusal
	})
	if !errors.Is(err, refusal) || times != 1 {
		t.Errorf("%d times, and then %v", times, err)
	}
	text, err := f.Read(t.Context(), "a")
	must(t, err)
	if undone := string(text) == "one"; undone != p.Undoes {
		t.Errorf("got %q", text)
	}
	ended, end := context.WithCancel(t.Context())
	err = f.Change(ended, func(d keys.Draft) error {
		end()
		return errors.Join(ended.Err(), d.Write(ended, "b", []byte("three")))
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	put(t, f, map[string]string{"a": "four"}) // the lock is free
}

// Of several processes one at a time changes files, and sees what the one before has
// done.
func testOneAtATime(t *testing.T, p Place) {
	put(t, p.Open(), map[string]string{"n": "0"})
	var all sync.WaitGroup
	for range 4 {
		f := p.Open()
		for range 2 {
			all.Go(func() {
				for range 5 {
					if err := f.Change(t.Context(), func(d keys.Draft) error { return increase(t.Context(), d) }); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	all.Wait()
	if text, err := p.Open().Read(t.Context(), "n"); string(text) != "40" || err != nil {
		t.Errorf("it is %s, %v", text, err)
	}
}

func increase(ctx context.Context, d keys.Draft) error {
	text, err := d.Read(ctx, "n")
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(string(text))
	if err != nil {
		return err
	}
	return d.Write(ctx, "n", fmt.Append(nil, n+1))
}

// Whoever waits for his turn gives up when his context ends.
func testWaitsNoLonger(t *testing.T, p Place) {
	f := p.Open()
	must(t, f.Change(t.Context(), func(keys.Draft) error {
		for _, other := range []keys.Files{f, p.Open()} {
			ctx, end := context.WithCancel(t.Context())
			waits := make(chan error, 1)
			go func() {
				waits <- other.Change(ctx, func(keys.Draft) error { t.Error("two at a time"); return nil })
			}()
			end()
			if err := <-waits; err == nil {
				t.Error("it did not wait")
			}
		}
		return nil
	}))
}

// Whoever reads meanwhile gets all of a file, old or new.
func testWhole(t *testing.T, p Place) {
	texts := []string{strings.Repeat("a", 20_000), strings.Repeat("b", 30_000)}
	f, done := p.Open(), make(chan struct{})
	put(t, f, map[string]string{"x": texts[0]})
	go func() {
		defer close(done)
		for i := range 20 {
			f.Change(t.Context(), func(d keys.Draft) error { return d.Write(t.Context(), "x", []byte(texts[i%2])) })
		}
	}()
	for other := p.Open(); ; {
		text, err := other.Read(t.Context(), "x")
		must(t, err)
		if !slices.Contains(texts, string(text)) {
			t.Fatalf("got %d bytes", len(text))
		}
		select {
		case <-done:
			return
		default:
		}
	}
}
