package traces

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"signer/pkg/outage"
)

// settings reads variables, of which those for traces go before those for everything.
type settings struct{ lookup func(string) (string, bool) }

// value of OTEL_EXPORTER_OTLP_TRACES_name or OTEL_EXPORTER_OTLP_name. An empty variable
// is one that is not set.
func (s settings) value(name string) string {
	return cmp.Or(s.get("OTEL_EXPORTER_OTLP_TRACES_"+name), s.get("OTEL_EXPORTER_OTLP_"+name))
}

func (s settings) get(name string) string {
	v, _ := s.lookup(name)
	return strings.TrimSpace(v)
}

// newExporter returns what sends spans; nil if none are to be sent.
func newExporter(c Config) (*exporter, error) {
	s := settings{c.LookupEnv}
	wanted, err := s.wanted()
	if err != nil || !wanted {
		return nil, err
	}
	e := &exporter{outages: &outage.Log{To: c.Log, Now: c.Now}, client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	for _, set := range []func(*exporter) error{s.setProtocol, s.setEndpoint, s.setHeaders, s.setTimeout, s.setCompression} {
		if err := set(e); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// wanted tells whether there are to be traces: where somebody has said where to send
// them, and not that there are to be none.
func (s settings) wanted() (bool, error) {
	if strings.EqualFold(s.get("OTEL_SDK_DISABLED"), "true") {
		return false, nil
	}
	switch exporters := s.get("OTEL_TRACES_EXPORTER"); exporters {
	case "":
		return s.value("ENDPOINT") != "", nil
	case "otlp", "none":
		return exporters == "otlp", nil
	default:
		return false, fmt.Errorf("OTEL_TRACES_EXPORTER: there is no exporter %q, only otlp and none", exporters)
	}
}

func (s settings) setProtocol(*exporter) error {
	for _, name := range []string{"CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY"} {
		if s.value(name) != "" {
			return fmt.Errorf("OTEL_EXPORTER_OTLP_%s cannot be heeded: the collector's certificate has to lead to a root that the system trusts, or SSL_CERT_FILE names", name)
		}
	}
	switch protocol := s.value("PROTOCOL"); protocol {
	case "", "http/json", "http/protobuf": // who takes one takes the other
		return nil
	default:
		return fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL: %q is not spoken here, only http/json, which collectors take on port 4318", protocol)
	}
}

// setEndpoint finds out where spans go. The endpoint of everything is where the paths
// of its kinds begin.
func (s settings) setEndpoint(e *exporter) error {
	name, text, path := "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", s.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), ""
	if text == "" {
		name, text, path = "OTEL_EXPORTER_OTLP_ENDPOINT", cmp.Or(s.get("OTEL_EXPORTER_OTLP_ENDPOINT"), "http://localhost:4318"), "v1/traces"
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("%s is not a URL such as http://localhost:4318", name) // which may hold a password
	}
	e.endpoint = u
	if path != "" {
		e.endpoint = u.JoinPath(path)
	}
	return nil
}

// setHeaders reads a list such as a=1,b=2, whose values are escaped as in URLs.
func (s settings) setHeaders(e *exporter) error {
	e.headers = http.Header{}
	for pair := range strings.SplitSeq(s.value("HEADERS"), ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		plain, err := url.PathUnescape(strings.TrimSpace(value))
		if !ok || err != nil || strings.TrimSpace(name) == "" {
			return fmt.Errorf("OTEL_EXPORTER_OTLP_HEADERS is not a list such as name=value,name=value") // which may hold secrets
		}
		e.headers.Set(strings.TrimSpace(name), plain)
	}
	return nil
}

func (s settings) setTimeout(e *exporter) error {
	ms, err := strconv.Atoi(cmp.Or(s.value("TIMEOUT"), "10000"))
	if err != nil || ms <= 0 {
		return fmt.Errorf("OTEL_EXPORTER_OTLP_TIMEOUT is not a number of milliseconds")
	}
	e.client.Timeout = time.Duration(ms) * time.Millisecond
	return nil
}

func (s settings) setCompression(e *exporter) error {
	switch how := s.value("COMPRESSION"); how {
	case "", "none", "gzip":
		e.gzip = how == "gzip"
		return nil
	default:
		return fmt.Errorf("OTEL_EXPORTER_OTLP_COMPRESSION: there is no %q, only gzip and none", how)
	}
}
