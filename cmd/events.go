package cmd

import (
	"fmt"

	"signer/pkg/events"
	"signer/pkg/local"
)

// eventLog is the file that SIGNER_EVENTS names, where the local engine tells what
// happens to jobs; nil without it.
func (s *session) eventLog() (local.Events, error) {
	name := s.env.getenv("SIGNER_EVENTS")
	if name == "" {
		return nil, nil
	}
	return events.Open(name)
}

// warnOfEvents says that events are late. The job is as good without them.
func (s *session) warnOfEvents(err error) {
	text := fmt.Sprintf("warning: %v; what was not told is told once it can be\n", err)
	if text != s.warned { // of two changes of one job
		s.bar.clear()
		fmt.Fprint(s.env.Stderr, text)
		s.warned = text
	}
}
