package s3server

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"time"
)

// patience is how long nothing is heard of a request. What takes longer is answered bit
// by bit, as S3 does it: first the status and the beginning of a document, then blanks,
// so that nobody on the way takes the connection for dead. An error that comes later is
// the document.
const patience = 5 * time.Second

// slowly carries out what may take long, and answers with a document whose root has
// this name, and with the id of the version that was made. The work must leave the
// exchange's answer alone.
func (x *exchange) slowly(root string, work func() (document any, version string, err error)) error {
	done := make(chan result, 1)
	go func() { done <- tryWork(work) }()
	wait := time.NewTimer(x.patience)
	defer wait.Stop()
	for {
		select {
		case r := <-done:
			return x.finish(root, r)
		case <-wait.C:
			x.keepAlive()
			wait.Reset(x.patience)
		}
	}
}

type result struct {
	document any
	version  string
	err      error
}

// tryWork makes an error of a panic, which in a goroutine would end the process.
func tryWork(work func() (any, string, error)) (r result) {
	defer func() {
		if p := recover(); p != nil {
			r.err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	r.document, r.version, r.err = work()
	return r
}

// keepAlive sends something that means nothing.
func (x *exchange) keepAlive() {
	if x.begun {
		_, _ = io.WriteString(x.w, " ")
	} else {
		x.begun = true
		x.set("Content-Type", "application/xml")
		x.w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(x.w, xml.Header)
	}
	_ = http.NewResponseController(x.w).Flush()
}

// finish sends the document.
func (x *exchange) finish(root string, r result) error {
	if r.err != nil {
		return r.err
	}
	if !x.begun {
		x.setSome("x-amz-version-id", r.version)
		return x.answer(root, r.document)
	}
	var b bytes.Buffer
	if err := encode(&b, root, r.document); err != nil {
		return err
	}
	_, _ = x.w.Write(b.Bytes())
	return nil
}
