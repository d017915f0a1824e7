// Hello is the smallest program that Cobra makes: what starting signer is compared
// with.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func main() {
	c := &cobra.Command{Use: "hello", Run: func(*cobra.Command, []string) { fmt.Println("hello, world") }}
	if c.Execute() != nil {
		os.Exit(1)
	}
}
