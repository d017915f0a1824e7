package keys

// Hasten makes the passphrases of a Store cheap to turn into keys, for tests that have
// many.
func Hasten(s *Store) *Store {
	s.work = 4
	return s
}
