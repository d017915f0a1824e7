package cmd

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/interrupt"
	"signer/pkg/param"
)

// putObject calls PutObject with the content of a file.
func putObject(ctx context.Context, c *s3Caller, op *api.Operation, params *document.Object) (*document.Object, error) {
	in := new(s3.PutObjectInput)
	if err := op.Input.Decode(params, in); err != nil {
		return nil, err
	}
	body, err := c.body(params)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	in.Body = body
	out, err := c.PutObject(ctx, in)
	if err != nil {
		return nil, err
	}
	return op.Output.Encode(out), nil
}

// body opens what is to be put: the file of the option --body, the bytes that stand
// in a document, or nothing.
func (c *s3Caller) body(params *document.Object) (io.ReadSeekCloser, error) {
	switch v, _ := params.Get("Body"); v := v.(type) {
	case string:
		return c.openBody(v)
	case []byte:
		return nopCloser{bytes.NewReader(v)}, nil
	}
	return nopCloser{strings.NewReader("")}, nil
}

type nopCloser struct{ io.ReadSeeker }

func (nopCloser) Close() error { return nil }

func (c *s3Caller) openBody(name string) (*os.File, error) {
	f, err := c.env.Open(c.reader().Path(name))
	if err != nil {
		return nil, &param.Error{Text: fmt.Sprintf("Error parsing parameter '--body': Blob values must be a path to a file. (%v)", err)}
	}
	if st, err := f.Stat(); err != nil || st.IsDir() {
		f.Close()
		return nil, &param.Error{Text: "Error parsing parameter '--body': Blob values must be a path to a file."}
	}
	return f, nil
}

// getObject calls GetObject and saves the content.
func getObject(ctx context.Context, c *s3Caller, op *api.Operation, params *document.Object) (*document.Object, error) {
	in := new(s3.GetObjectInput)
	if err := op.Input.Decode(params, in); err != nil {
		return nil, err
	}
	out, err := c.GetObject(ctx, in)
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	err = c.env.Save(c.outfile, func(w io.Writer) error {
		_, err := io.Copy(w, interrupt.Reader(ctx, out.Body))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("save the object as %s: %w", c.outfile, err)
	}
	return op.Output.Encode(out), nil
}
