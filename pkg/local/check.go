package local

import "signer/pkg/api"

// check holds an input to what the API says of its operation: what is required,
// lengths, ranges, patterns and enums. The SDK's client has looked at the first
// of these only.
func check(operation string, in any) error {
	shape := api.Signer.Operation(operation).Input
	if found := shape.Violations(shape.Encode(in)); len(found) > 0 {
		return invalid(unknownCode, "%s", found)
	}
	return nil
}
