// Signer is AWS Signer on your machine: the "aws signer" command line, and the
// code-signing service behind it.
package main

import (
	"context"
	"io"
	"log"
	"os"

	"signer/cmd"
)

func main() {
	log.SetOutput(io.Discard) // where net/http tells people of answers with a body that should have none
	os.Exit(cmd.Main(context.Background(), cmd.OS()))
}
