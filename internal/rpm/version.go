package rpm

import (
	"cmp"
	"strconv"
	"strings"
)

// A Version is one of a package: epoch, version and release, as rpm-version(7) has them.
type Version struct {
	Epoch            uint32
	Version, Release string
}

// String is how dnf shows it: an epoch of 0 is left out.
func (v Version) String() string {
	text := v.Version + "-" + v.Release
	if v.Epoch > 0 {
		text = strconv.FormatUint(uint64(v.Epoch), 10) + ":" + text
	}
	return text
}

// Compare is below 0 where v is older than w, and above it where v is newer.
func (v Version) Compare(w Version) int {
	return cmp.Or(cmp.Compare(v.Epoch, w.Epoch), compare(v.Version, w.Version), compare(v.Release, w.Release))
}

// compare orders versions, or releases, as rpmvercmp does: by runs of digits and of letters; of which digits are the newer. A tilde
// comes before the end of a version, so that 1.0~rc1 is older than 1.0, and a caret after it and before all else.
func compare(a, b string) int {
	for {
		a, b = strings.TrimLeftFunc(a, separates), strings.TrimLeftFunc(b, separates)
		aTilde, bTilde := strings.HasPrefix(a, "~"), strings.HasPrefix(b, "~")
		aCaret, bCaret := strings.HasPrefix(a, "^"), strings.HasPrefix(b, "^")
		switch {
		case aTilde && bTilde, aCaret && bCaret:
			a, b = a[1:], b[1:]
			continue
		case aTilde || bTilde:
			return ifElse(aTilde, -1, 1)
		case aCaret:
			return ifElse(b == "", 1, -1)
		case bCaret:
			return ifElse(a == "", -1, 1)
		case a == "" || b == "":
			return cmp.Compare(len(a), len(b))
		}
		of := letter
		if digit(rune(a[0])) {
			of = digit
		}
		aRun, bRun := run(a, of), run(b, of)
		if bRun == "" {
			return ifElse(digit(rune(a[0])), 1, -1)
		}
		a, b = a[len(aRun):], b[len(bRun):]
		if digit(rune(aRun[0])) {
			aRun, bRun = strings.TrimLeft(aRun, "0"), strings.TrimLeft(bRun, "0")
			if order := cmp.Compare(len(aRun), len(bRun)); order != 0 {
				return order
			}
		}
		if order := cmp.Compare(aRun, bRun); order != 0 {
			return order
		}
	}
}

func digit(r rune) bool { return r >= '0' && r <= '9' }

func letter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

func separates(r rune) bool { return !digit(r) && !letter(r) && r != '~' && r != '^' }

// run is the start of a text of which all are of one sort.
func run(text string, of func(rune) bool) string {
	if end := strings.IndexFunc(text, func(r rune) bool { return !of(r) }); end >= 0 {
		return text[:end]
	}
	return text
}

func ifElse(condition bool, yes, no int) int {
	if condition {
		return yes
	}
	return no
}
