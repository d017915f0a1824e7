package pkcs11

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	one := uint(1)
	for text, want := range map[string]URI{
		"pkcs11:": {},
		// These are the examples of RFC 7512, 3, that name a private key.
		"pkcs11:object=my-sign-key;type=private?pin-source=file:/etc/token":      {Object: "my-sign-key", PINSource: "/etc/token"},
		"pkcs11:object=my-sign-key;type=private?pin-source=file:///etc/token%20": {Object: "my-sign-key", PINSource: "/etc/token "},
		"pkcs11:token=Software%20PKCS%2311%20softtoken;manufacturer=Snake%20Oil,%20Inc.;model=1.0;object=my-certificate;type=private;id=%69%95%3E%5C%F4%BD%EC%91;serial=?pin-source=file:/etc/token_pin": {
			Token: "Software PKCS#11 softtoken", Manufacturer: "Snake Oil, Inc.", Model: "1.0", Object: "my-certificate", ID: []byte("\x69\x95\x3e\x5c\xf4\xbd\xec\x91"), PINSource: "/etc/token_pin"},
		"pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;object=my-key?module-path=/mnt/libmypkcs11.so.1&pin-value=the-pin": {
			Token: "The Software PKCS#11 Softtoken", Object: "my-key", Module: "/mnt/libmypkcs11.so.1", PIN: "the-pin"},
		"pkcs11:slot-id=1;serial=DECC0401648;slot-description=a&b?x-vend=a&pin-value=1234": {Slot: &one, Serial: "DECC0401648", PIN: "1234"},
	} {
		got, err := Parse(text)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(URI{})); err != nil || diff != "" {
			t.Errorf("%s: %v %s", text, err, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "does not begin with pkcs11:",
		"PKCS11:token=a":                  "does not begin with pkcs11:",
		"pkcs11:token":                    "not NAME=VALUE",
		"pkcs11:token=a;":                 "not NAME=VALUE",
		"pkcs11:;token=a":                 "not NAME=VALUE",
		"pkcs11:token=a;token=b":          `has "token" twice`,
		"pkcs11:token=a%2":                `its "token" has a % without two digits`,
		"pkcs11:token=a%":                 "has a %",
		"pkcs11:token=a%zz":               "has a %",
		"pkcs11:token=a b":                "must be written as %20",
		"pkcs11:token=a/b":                "must be written as %2F",
		"pkcs11:token=a\n":                "must be written as %0A",
		"pkcs11:type=public":              "is about a private key",
		"pkcs11:color=red":                `its "color" is no attribute that is known`,
		"pkcs11:slot-id=x":                "is not a number",
		"pkcs11:slot-id=99999999999":      "is not a number",
		"pkcs11:?module-name=softhsm2":    "module-path",
		"pkcs11:?pin-source=%7C/bin/echo": "is not the full name of a file",
		"pkcs11:?pin-source=pin":          "is not the full name of a file",
		"pkcs11:?color=red":               "is no attribute that is known",
		"pkcs11:?pin-value=12%3":          `its "pin-value" has a %`,
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Nothing prints a PIN.
func TestPINIsHidden(t *testing.T) {
	u, err := Parse("pkcs11:token=a?pin-value=hush")
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if text := fmt.Sprintf(verb, u) + fmt.Sprintf(verb, &u); strings.Contains(text, "hush") {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}

// What is read is written so that it is read again, and no secret is in it.
func FuzzParse(f *testing.F) {
	f.Add("pkcs11:token=a%20b;object=c;id=%00%ff;type=private?pin-value=1234&module-path=/lib/x.so")
	f.Add("pkcs11:slot-id=3;serial=1")
	f.Fuzz(func(t *testing.T, text string) {
		u, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(u.String())
		u.Module, u.PIN, u.PINSource = "", "", ""
		if u.Token != "" || u.Serial != "" {
			u.Slot = nil
		}
		if diff := cmp.Diff(fields(u), fields(again)); err != nil || diff != "" {
			t.Errorf("%s: %v %s", u, err, diff)
		}
	})
}

func fields(u URI) []string {
	slot := ""
	if u.Slot != nil {
		slot = fmt.Sprint(*u.Slot)
	}
	return []string{u.Token, u.Serial, u.Manufacturer, u.Model, slot, u.Object, string(u.ID), u.Module, u.PIN, u.PINSource}
}
