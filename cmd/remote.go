package cmd

import (
	"context"

	"signer/pkg/engine"
	"signer/pkg/remote"
)

// openRemote opens the SDK's client for AWS Signer.
func (s *session) openRemote(ctx context.Context) (engine.Engine, func(), error) {
	client, err := remote.Open(ctx, s.remoteConfig("signer"))
	if err != nil {
		return nil, nil, err
	}
	return client, func() {}, nil
}

// remoteConfig is what the options and settings say of the client for a service.
func (s *session) remoteConfig(service string) remote.Config {
	c := remote.Config{
		Settings:       s.settings,
		Service:        service,
		Region:         s.region,
		CABundle:       s.caBundle,
		NoSignRequest:  s.noSignRequest,
		PrefixAddress:  s.name == "aws",
		NoVerifySSL:    s.noVerifySSL,
		ConnectTimeout: seconds(s.connectTimeout),
		ReadTimeout:    seconds(s.readTimeout),
		UserAgent:      "signer/" + version,
		Debug:          s.debugLog(),
		Now:            s.env.Now,
	}
	if s.endpointURL != nil {
		c.Endpoint = *s.endpointURL
	}
	return c
}

// seconds reads a number that checkTimeouts has seen.
func seconds(text *string) *int {
	if text == nil {
		return nil
	}
	n, ok := integerOf(*text)
	if !ok {
		return nil
	}
	return &n
}
