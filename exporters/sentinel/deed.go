package sentinel

import (
	"slices"
	"strings"
	"unicode"
)

// Kinds of acts that ASIM tells apart; a deed that is none of them sets something.
const (
	deedSet     = "set"
	deedCreate  = "create"
	deedDelete  = "delete"
	deedEnable  = "enable"
	deedDisable = "disable"
	deedLock    = "lock"
	deedUnlock  = "unlock"
	deedRead    = "read"
	deedReset   = "reset"
)

// verbs are the stems of what is done, with how their forms go on: a word is a verb when it is a stem with one of its endings. done
// has the forms of what was done, which say more than other words of a spelling.
var verbs = func() (all struct{ done, other map[string]string }) {
	all.done, all.other = map[string]string{}, map[string]string{}
	for deed, stems := range map[string]string{
		deedUnlock:  "unlock",
		deedLock:    "lock lock-out",
		deedDisable: "disabl/e deactivat/e inactivat/e suspend block freez/e",
		deedEnable:  "enabl/e activat/e reactivat/e unsuspend unblock reopen restor/e undelet/e unfreez/e",
		deedDelete:  "delet/e remov/e revok/e clos/e purg/e unassign unclaim deregister detach disconnect",
		deedCreate:  "creat/e add invit/e grant claim generat/e provision import register clon/e cop/y copi",
		deedRead:    "view read download export list enumerat/e search",
		deedReset:   "reset",
		deedSet:     "set updat/e chang/e modif/y modifi edit renew renam/e resent resend send sent assign transferr transfer sav/e mov/e verif/y verifi replac/e configur/e adjust extend rotat/e swap",
	} {
		for stem := range strings.FieldsSeq(stems) {
			root, end, silent := strings.Cut(stem, "/")
			root = strings.ReplaceAll(root, "-", "")
			all.done[root+"ed"] = deed
			all.other[root+"ing"], all.other[root+end] = deed, deed
			if silent {
				all.other[root+end+"s"] = deed
			} else {
				all.other[root+"s"] = deed
			}
		}
	}
	for word, deed := range map[string]string{"lockout": deedLock, "lockedout": deedLock, "deactivation": deedDisable, "suspension": deedDisable, "activation": deedEnable, "reactivation": deedEnable,
		"deletion": deedDelete, "removal": deedDelete, "closure": deedDelete, "creation": deedCreate, "addition": deedCreate, "invitation": deedCreate, "new": deedCreate, "copied": deedCreate, "update": deedSet} {
		all.other[word] = deed
	}
	for word, deed := range map[string]string{"reset": deedReset, "read": deedRead, "set": deedSet, "sent": deedSet, "resent": deedSet, "copied": deedCreate, "modified": deedSet, "verified": deedSet, "lockedout": deedLock, "lockout": deedLock} {
		all.done[word] = deed
	}
	return all
}()

// nouns are verbs that mostly name what is acted on, wherever they do not begin a spelling.
var nouns = []string{"list", "lists", "new", "invitation", "claim", "claims", "grant", "grants", "copy", "view", "views", "search", "import", "imports", "export", "exports", "block", "blocks", "lock", "locks", "set", "sets", "read"}

// deed is what kind of act a spelling tells of, by its words: what was done, the last such word first ("InvitationResent"); else what it
// begins with ("BlockUser"); else the last verb of the others ("user_add"). Parts of words say nothing: there is no add in an address.
func deed(spelling string) string {
	words := wordsOf(spelling)
	for _, w := range slices.Backward(words) {
		if d, ok := verbs.done[w]; ok {
			return d
		}
	}
	if len(words) == 0 {
		return deedSet
	}
	if d, ok := verbs.other[words[0]]; ok {
		return d
	}
	for _, w := range slices.Backward(words[1:]) {
		if d, ok := verbs.other[w]; ok && !slices.Contains(nouns, w) {
			return d
		}
	}
	return ended(words[len(words)-1])
}

// ended is the deed of a word that is several without a sign between them, by the longest form of what was done at its end
// ("userprofileupdated"), at its beginning ("createuser"), or of another form at its end.
func ended(word string) string {
	for _, in := range []struct {
		forms map[string]string
		at    func(s, form string) bool
	}{{verbs.done, strings.HasSuffix}, {verbs.other, strings.HasPrefix}, {verbs.other, strings.HasSuffix}} {
		longest, d := "", ""
		for form, deed := range in.forms {
			if len(form) > len(longest) && in.at(word, form) && !slices.Contains(nouns, form) {
				longest, d = form, deed
			}
		}
		if longest != "" {
			return d
		}
	}
	return deedSet
}

// persons are the words for the user as a whole; what else is named is a part or a property.
var persons = []string{"", "user", "users", "member", "members", "membership", "memberships", "account", "accounts", "person", "bulk", "bulkuser", "bulkusers", "accountuser", "orguser", "organizationuser", "organization", "org", "by", "admin", "administrator", "to", "from", "in", "of", "the", "as", "was"}

// whole says whether a spelling is about a user, and not about a factor, an address or a right of one.
func whole(spelling string) bool {
	return !slices.ContainsFunc(wordsOf(spelling), func(w string) bool {
		if slices.Contains(persons, w) || verbs.done[w] != "" || verbs.other[w] != "" {
			return false
		}
		for _, forms := range []map[string]string{verbs.done, verbs.other} {
			for form := range forms {
				before, isEnd := strings.CutSuffix(w, form)
				after, isBegin := strings.CutPrefix(w, form)
				if isEnd && slices.Contains(persons, before) || isBegin && slices.Contains(persons, after) {
					return false
				}
			}
		}
		return true
	})
}

// wordsOf are the words of a spelling, small: split at what is no letter or digit, and before a capital that begins one. "Locked out"
// is one word.
func wordsOf(spelling string) []string {
	var words []string
	var word []rune
	end := func() {
		if len(word) == 0 {
			return
		}
		if w := strings.ToLower(string(word)); w == "out" && len(words) > 0 && strings.HasPrefix(words[len(words)-1], "lock") {
			words[len(words)-1] += w
		} else {
			words = append(words, w)
		}
		word = nil
	}
	runes := []rune(spelling)
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			end()
			continue
		case unicode.IsUpper(r) && i > 0 && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])):
			end()
		}
		word = append(word, r)
	}
	end()
	return words
}
