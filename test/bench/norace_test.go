//go:build !race

package bench

// raceDetector makes everything many times slower: what is measured then says nothing.
const raceDetector = false
