package check

// An ItemRef is what tells items of a checklist apart, for parameters that select some of them.
type ItemRef struct {
	ID, Section, Category, Severity string
	// Supported: this version can judge it.
	Supported bool
}

// A Composer is a parameter struct that selects items by what the checklist says of them. Compose is called before Bind,
// with the item that the parameters are of, and all items of the checklist in their order.
type Composer interface {
	Compose(item ItemRef, all []ItemRef) error
}
