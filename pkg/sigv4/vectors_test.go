package sigv4_test

import (
	"slices"
	"strings"
	"testing"

	"signer/pkg/sigv4"
)

// The signatures that AWS published as a test suite for Signature Version 4, each once,
// for a GET of / with these differences. TestSuite runs the suite itself.
var vectors = []struct {
	name, method, target, headers, body, signature string
}{
	{"nothing", "", "", "", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{"POST", "POST", "", "", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	{"POST with a query", "POST", "/?Param1=value1", "", "", "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
	{"a form", "POST", "", "Content-Type: application/x-www-form-urlencoded", "Param1=value1", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
	{"a form in an encoding", "POST", "", "Content-Type: application/x-www-form-urlencoded; charset=utf8", "Param1=value1", "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe"},
	{"a header", "POST", "", "My-Header1: value1", "", "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
	{"a header in capitals", "POST", "", "My-Header1: VALUE1", "", "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
	{"a header three times", "", "", "My-Header1: value2\nMy-Header1: value2\nMy-Header1: value1", "", "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
	{"a header four times", "", "", "My-Header1: value4\nMy-Header1: value1\nMy-Header1: value3\nMy-Header1: value2", "", "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
	{"a header in lines", "", "", "My-Header1: value1\n  value2\n     value3", "", "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd"},
	{"headers with blanks", "", "", "My-Header1:  value1\nMy-Header2:  \"a   b   c\"", "", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
	{"a query", "", "/?Param1=value1", "", "", "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
	{"names in order", "", "/?Param2=value2&Param1=value1", "", "", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
	{"values in order", "", "/?Param1=value2&Param1=value1", "", "", "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"},
	{"capitals in order", "", "/?Param1=value2&Param1=Value1", "", "", "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1"},
	{"escapes in order", "", "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1", "", "", "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
	{"UTF-8 in a query", "", "/?\u1234=bar", "", "", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
	{"what needs no escape in a query", "", "/?" + unreserved + "=" + unreserved, "", "", "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
	{"what needs no escape", "", "/" + unreserved, "", "", "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
	{"UTF-8", "", "/\u1234", "", "", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
	{"a blank", "", "/example space/", "", "", "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
	{"a special character", "", "/example/$delete", "", "", "a853c9b21b528b19643d00910d35b83a10c366a10833ceefb45edd6c80e40f27"},
	{"slashes", "", "//example//", "", "", "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
	{"only slashes", "", "//", "", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{"a dot", "", "/./example", "", "", "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
	{"only a dot", "", "/./", "", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{"up", "", "/example/..", "", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{"up twice", "", "/example1/example2/../..", "", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
}

const unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

func TestVectors(t *testing.T) {
	for _, tc := range vectors {
		t.Run(tc.name, func(t *testing.T) {
			method, names := tc.method, []string{"host", "x-amz-date"}
			if method == "" {
				method = "GET"
			}
			for line := range strings.SplitSeq(tc.headers, "\n") {
				if name, _, ok := strings.Cut(line, ":"); ok {
					names = append(names, strings.ToLower(name))
				}
			}
			slices.Sort(names)
			r := received(t, strings.ReplaceAll(method+" / HTTP/1.1\nHost: example.amazonaws.com\nX-Amz-Date: "+at+"\n"+tc.headers+
				"\nAuthorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders="+
				strings.Join(slices.Compact(names), ";")+", Signature="+tc.signature, "\n\n", "\n")+"\n\n"+tc.body)
			if tc.target != "" {
				r.RequestURI = tc.target // some are of a form that no server takes
			}
			if _, err := verify(verifier(t, at), r, sigv4.Rules{Service: "service"}); err != nil {
				t.Error(err)
			}
		})
	}
}
