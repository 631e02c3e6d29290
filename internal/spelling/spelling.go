// Package spelling finds what somebody meant who mistyped it.
package spelling

import "strings"

// Closest is the one of the words that a mistyped one is nearest to, without regard to case; empty when none is near.
func Closest(word string, among []string) string {
	best, least := "", 3 // longer words may differ in two letters
	w := strings.ToLower(word)
	if len(w) < 5 {
		least = 2
	}
	for _, one := range among {
		if d := distance(w, strings.ToLower(one)); d < least {
			best, least = one, d
		}
	}
	return best
}

// Hint asks whether the closest was meant, to stand behind a message; empty when none is near.
func Hint(word string, among []string) string {
	if c := Closest(word, among); c != "" {
		return "; did you mean " + c + "?"
	}
	return ""
}

// Instead is Hint, or where none is near the words that there are, to stand behind a message.
func Instead(word string, among []string) string {
	if hint := Hint(word, among); hint != "" || len(among) == 0 {
		return hint
	}
	return "; expected one of " + strings.Join(among, ", ")
}

// distance counts letters that are missing, too many, others, or exchanged with their neighbour. Long words are infinitely far.
func distance(a, b string) int {
	const far = 99
	if len(a) > 100 || len(b) > 100 || len(a)-len(b) > 2 || len(b)-len(a) > 2 {
		return far
	}
	before, last, this := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		this[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			this[j] = min(last[j]+1, this[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				this[j] = min(this[j], before[j-2]+1)
			}
		}
		before, last, this = last, this, before
	}
	return last[len(b)]
}
