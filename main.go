// Signer is AWS Signer on your machine: the "aws signer" command line, and the
// code-signing service behind it.
package main

import (
	"context"
	"os"

	"signer/cmd"
)

func main() {
	os.Exit(cmd.Main(context.Background(), cmd.OS()))
}
