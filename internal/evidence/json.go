package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// members are those of an object, by their names.
type members map[string]json.RawMessage

// maximumMembers is how many members the object with which a report begins may have.
const maximumMembers = 1000

// open reads the object with which a report begins.
func (d *document) open() error {
	decoder := json.NewDecoder(bytes.NewReader(d.content))
	found := make(members)
	err := eachMember(decoder, func(name string, value json.RawMessage) error {
		if len(found) == maximumMembers {
			return errTooMany
		}
		found[name] = value
		return nil
	})
	if err != nil {
		return invalid("read JSON: %w", err)
	}
	d.members, d.more = found, decoder.More()
	return nil
}

// has tells whether an object has all of these members.
func (m members) has(names ...string) bool {
	for _, name := range names {
		if _, there := m[name]; !there {
			return false
		}
	}
	return true
}

// only tells whether an object has no members but these.
func (m members) only(names []string) bool {
	for name := range m {
		if !slices.Contains(names, name) {
			return false
		}
	}
	return true
}

// into decodes a member; one that is not there leaves the value as it is.
func (m members) into(name string, value any) error {
	raw, there := m[name]
	if !there {
		return nil
	}
	if err := json.Unmarshal(raw, value); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// reads decodes a member, and tells whether it is there and what is expected.
func (m members) reads(name string, value any) bool { return m.has(name) && m.into(name, value) == nil }

// eachMember reads one object, member by member, so that no more than one of them is in memory.
func eachMember(decoder *json.Decoder, use func(name string, value json.RawMessage) error) error {
	if err := expect(decoder, json.Delim('{')); err != nil {
		return err
	}
	for count := 0; decoder.More(); count++ {
		if count == maximumElements {
			return errTooMany
		}
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return err
		}
		if err := use(name.(string), value); err != nil {
			return err
		}
	}
	return expect(decoder, json.Delim('}'))
}

// membersOf calls use for each member of an object; null has none.
func membersOf(raw json.RawMessage, use func(name string, value json.RawMessage) error) error {
	if isNothing(raw) {
		return nil
	}
	return eachMember(json.NewDecoder(bytes.NewReader(raw)), use)
}

// each calls use for each element of a list, one after the other, so that a list of nothing costs nothing; null has none.
func each[T any](raw json.RawMessage, use func(*T) error) error {
	if isNothing(raw) {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if err := expect(decoder, json.Delim('[')); err != nil {
		return err
	}
	for count := 0; decoder.More(); count++ {
		if count == maximumElements {
			return errTooMany
		}
		var element T
		if err := decoder.Decode(&element); err != nil {
			return err
		}
		if err := use(&element); err != nil {
			return err
		}
	}
	return expect(decoder, json.Delim(']'))
}

// stream calls use for each object of those that follow each other, in lines or not.
func stream[T any](content []byte, use func(*T) error) error {
	decoder := json.NewDecoder(bytes.NewReader(content))
	for range maximumElements {
		var element T
		err := decoder.Decode(&element)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := use(&element); err != nil {
			return err
		}
	}
	return errTooMany
}

func expect(decoder *json.Decoder, delimiter json.Delim) error {
	token, err := decoder.Token()
	if err != nil {
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	if token != delimiter {
		return fmt.Errorf("expected %v, found %v", delimiter, token)
	}
	return nil
}

func isNothing(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	return len(raw) == 0 || bytes.Equal(raw, []byte("null"))
}
