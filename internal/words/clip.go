package words

import "strings"

// Clip keeps the first bytes of a text that is longer than so many, without half a character, and marks that it is cut.
func Clip(text string, longest int) string {
	return clip(text, longest, "…")
}

// Printable makes a text from outside fit for labels and pages: valid UTF-8 in one line, clipped to so many bytes.
func Printable(text string, longest int) string {
	return Clip(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?")), longest)
}

// Excerpt shortens what a server or a tool says to what a reader needs: its words in one line, of at most 300 bytes.
func Excerpt(text string) string {
	const longest = 300
	return clip(strings.ToValidUTF8(strings.Join(strings.Fields(text), " "), "?"), longest, " …")
}

func clip(text string, longest int, mark string) string {
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + mark
}
