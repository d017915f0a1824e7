package cmd

import "testing"

// Whatever a Range header says, the part lies within the object.
func FuzzPartOf(f *testing.F) {
	for _, header := range []string{"bytes=0-9", "bytes=5-", "bytes=-5", "bytes=-0", "bytes=9-5", "bytes=0-0,2-3", "bytes=", "lines=1-2", "bytes=-99999999999999999999"} {
		f.Add(header, int64(10))
	}
	f.Add("bytes=0-", int64(0))
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 0 {
			return
		}
		p, err := partOf(&header, size)
		if err != nil {
			return
		}
		if p.first < 0 || p.length < 0 || p.first > size-p.length || !p.whole && p.length == 0 {
			t.Errorf("%q of %d bytes: %+v", header, size, p)
		}
	})
}
