package cmd

import (
	"slices"
	"strings"
)

// closeMatches returns at most three of the candidates that look like word, the
// best first. The measure is that of Python's difflib, with the AWS CLI's cutoff:
// twice the number of characters in common over the number of all.
func closeMatches(word string, candidates []string) []string {
	type match struct {
		ratio float64
		name  string
	}
	var matches []match
	for _, c := range candidates {
		ratio := 2 * float64(common(c, word)) / float64(len(c)+len(word))
		if ratio >= 0.8 {
			matches = append(matches, match{ratio, c})
		}
	}
	slices.SortFunc(matches, func(a, b match) int {
		if a.ratio != b.ratio {
			if a.ratio > b.ratio {
				return -1
			}
			return 1
		}
		return strings.Compare(b.name, a.name)
	})
	names := make([]string, 0, 3)
	for _, m := range matches[:min(3, len(matches))] {
		names = append(names, m.name)
	}
	return names
}

// common counts the characters of the longest block that a and b share, and of
// those that they share before and behind it.
func common(a, b string) int {
	i, j, n := longestBlock(a, b)
	if n == 0 {
		return 0
	}
	return n + common(a[:i], b[:j]) + common(a[i+n:], b[j+n:])
}

// longestBlock finds the longest run that a and b share; of several the one that
// begins first in a, then in b.
func longestBlock(a, b string) (i, j, n int) {
	lengths := make([]int, len(b)+1) // of the run that ends at b's index-1 and the previous character of a
	for x := range len(a) {
		next := make([]int, len(b)+1)
		for y := range len(b) {
			if a[x] != b[y] {
				continue
			}
			next[y+1] = lengths[y] + 1
			if next[y+1] > n {
				n = next[y+1]
				i, j = x+1-n, y+1-n
			}
		}
		lengths = next
	}
	return i, j, n
}
