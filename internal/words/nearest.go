package words

import (
	"fmt"
	"slices"
	"strings"
)

// Suggestion asks whether the known name was meant that is nearest to an unknown one, as the end of a message: `: did you
// mean "x"?`. It is empty where none is near. Case makes no difference.
func Suggestion(unknown string, known []string) string {
	nearest, least := "", max(1, len(unknown)/4)
	if len(unknown) > longestName {
		return ""
	}
	for _, name := range known {
		distance := editDistance(strings.ToLower(unknown), strings.ToLower(name))
		if distance <= least && (nearest == "" || distance < least) {
			nearest, least = name, distance
		}
	}
	if nearest == "" {
		return ""
	}
	return fmt.Sprintf(": did you mean %q?", nearest)
}

// longestName is how long a name can be that somebody misspells: comparing longer ones costs more than it helps.
const longestName = 100

// editDistance is how many letters must be added, removed or replaced to make one text of another.
func editDistance(a, b string) int {
	above := make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := range len(a) {
		row := slices.Clone(above)
		row[0] = i + 1
		for j := range len(b) {
			replaced := above[j]
			if a[i] != b[j] {
				replaced++
			}
			row[j+1] = min(replaced, above[j+1]+1, row[j]+1)
		}
		above = row
	}
	return above[len(b)]
}
