package importer

// NewFrom is From with what it knows read once, for fuzzing: that costs more than all else.
func NewFrom(options Options) (func(source []byte) (*Import, error), error) {
	matcher, err := newMatcher(options.Known)
	return func(source []byte) (*Import, error) { return from(source, options, matcher) }, err
}
