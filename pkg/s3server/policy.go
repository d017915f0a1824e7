package s3server

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"signer/pkg/bucket"
)

// policy is what a form has to be like
// (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html).
type policy struct {
	expires    time.Time
	conditions []condition
	least      int64 // bytes of the file
	most       int64
}

// condition is what a field has to be like.
type condition struct {
	text  string // as it is told
	field string // in lower case; "" is none
	value string
	start bool // the value is only how the field starts
}

func badPolicy(format string, args ...any) *bucket.Error {
	return refused("InvalidPolicyDocument", http.StatusBadRequest, "Invalid Policy: "+format, args...)
}

func againstPolicy(format string, args ...any) *bucket.Error {
	return accessDenied("Invalid according to Policy: " + refused("", 0, format, args...).Message)
}

// parsePolicy reads a policy in base64.
func parsePolicy(text string) (policy, error) {
	if text == "" {
		return policy{}, badPolicy("Expecting '{' but found End-of-Input")
	}
	document, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return policy{}, badPolicy("invalid Base64 encoding.")
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(document, &members); err != nil || members == nil {
		return policy{}, badPolicy("Invalid JSON.")
	}
	for name := range members {
		if name != "expiration" && name != "conditions" {
			return policy{}, badPolicy("Unexpected: %q", name)
		}
	}
	p := policy{most: maxBody}
	if p.expires, err = expirationOf(members["expiration"]); err != nil {
		return policy{}, err
	}
	return p, p.parseConditions(members["conditions"])
}

func expirationOf(value json.RawMessage) (time.Time, error) {
	var text string
	switch {
	case value == nil:
		return time.Time{}, badPolicy("Policy missing expiration.")
	case json.Unmarshal(value, &text) != nil:
		return time.Time{}, badPolicy("Invalid JSON.")
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, badPolicy("Invalid 'expiration' value: '%s'", text)
	}
	return at, nil
}

func (p *policy) parseConditions(value json.RawMessage) error {
	var all []json.RawMessage
	switch {
	case value == nil:
		return badPolicy("Policy missing conditions.")
	case json.Unmarshal(value, &all) != nil || all == nil:
		return badPolicy("Invalid 'conditions' value: must be a List.")
	}
	for _, one := range all {
		if err := p.parseCondition(one); err != nil {
			return err
		}
	}
	return nil
}

func (p *policy) parseCondition(text json.RawMessage) error {
	var list []any
	var object map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	switch {
	case text[0] == '{' && json.Unmarshal(text, &object) == nil:
		return p.parseSimple(object)
	case text[0] != '[' || d.Decode(&list) != nil:
		return badPolicy("Invalid condition test: must be a List or Object.")
	case len(list) == 0:
		return badPolicy("Invalid Condition: missing operation identifier.")
	}
	operation, _ := list[0].(string)
	operation = strings.ToLower(operation)
	switch {
	case operation != "eq" && operation != "starts-with" && operation != "content-length-range":
		return badPolicy("Invalid Condition: unknown operation '%v'.", list[0])
	case len(list) != 3:
		return badPolicy("Invalid %s: wrong number of arguments.", operation)
	case operation == "content-length-range":
		return p.parseRange(list[1], list[2])
	}
	field, isText := list[1].(string)
	value, isTextToo := list[2].(string)
	if !isText || !isTextToo {
		return badPolicy("Invalid JSON.")
	}
	name, named := strings.CutPrefix(strings.ToLower(field), "$")
	if !named {
		name = ""
	}
	var told bytes.Buffer
	_ = json.Compact(&told, text) // which has been read
	p.conditions = append(p.conditions, condition{told.String(), name, value, operation == "starts-with"})
	return nil
}

// parseSimple reads a condition that is a name and a value.
func (p *policy) parseSimple(object map[string]any) error {
	if len(object) != 1 {
		return badPolicy("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.")
	}
	for name, value := range object {
		text, ok := value.(string)
		if !ok {
			return badPolicy("Invalid Simple-Condition: value must be a string.")
		}
		told := `["eq", ` + quoted("$"+name) + `, ` + quoted(text) + `]`
		p.conditions = append(p.conditions, condition{told, strings.ToLower(name), text, false})
	}
	return nil
}

func quoted(text string) string {
	b, _ := json.Marshal(text) // of a string it never fails
	return string(b)
}

// parseRange reads how long the file may be. Of two ranges both hold.
func (p *policy) parseRange(from, to any) error {
	least, ok := wholeNumber(from)
	most, okToo := wholeNumber(to)
	if !ok || !okToo {
		return badPolicy("Invalid JSON.")
	}
	p.least, p.most = max(p.least, least), min(p.most, most)
	return nil
}

func wholeNumber(v any) (int64, bool) {
	text := ""
	switch v := v.(type) {
	case json.Number:
		text = v.String()
	case string:
		text = v
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n >= 0
}

// holds tells whether the fields of a form are as the policy has them, and are all in it.
func (p *policy) holds(fields map[string]string, now time.Time) error {
	if !now.Before(p.expires) {
		return againstPolicy("Policy expired.")
	}
	named := map[string]bool{}
	for _, c := range p.conditions {
		named[c.field] = true
		if c.field == "" || !c.meets(fields[c.field]) {
			return againstPolicy("Policy Condition failed: %s", c.text)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		free := name == "policy" || name == "x-amz-signature" || strings.HasPrefix(name, "x-ignore-")
		if !free && !named[name] {
			return againstPolicy("Extra input fields: %s", name)
		}
	}
	return nil
}

func (c condition) meets(value string) bool {
	if !c.start {
		return value == c.value
	}
	if c.field != "content-type" {
		return strings.HasPrefix(value, c.value)
	}
	for one := range strings.SplitSeq(value, ",") {
		if !strings.HasPrefix(strings.TrimSpace(one), c.value) {
			return false
		}
	}
	return true
}
