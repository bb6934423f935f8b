package checks_test

import (
	"reflect"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// fieldsOf gives the slices of a set whose type is hidden, to read and to change.
func fieldsOf(set fact.AnySet) (facts, unavailable reflect.Value) {
	fields := reflect.ValueOf(set).FieldByName("Set").Elem()
	return fields.FieldByName("Facts"), fields.FieldByName("Unavailable")
}

// setOf is a set of facts, given as pointers.
func setOf(kind fact.Any, all []any) fact.AnySet {
	set := kind.NoFacts()
	facts, _ := fieldsOf(set)
	for _, f := range all {
		facts.Set(reflect.Append(facts, reflect.ValueOf(f)))
	}
	return set
}

// factsOf gives the facts of one kind.
func factsOf(kind fact.Any, sets []fact.AnySet) (all []any) {
	for _, set := range sets {
		if set.Kind().KindName() == kind.KindName() {
			for i := range set.Len() {
				all = append(all, set.At(i))
			}
		}
	}
	return all
}

// gapOf is a set in which something is unavailable, of which only the group is known: its cluster, host and name.
func gapOf(kind fact.Any, group string) fact.AnySet {
	set := kind.NoFacts()
	_, unavailable := fieldsOf(set)
	gap := reflect.New(unavailable.Type().Elem()).Elem()
	gap.FieldByName("Subject").SetString("gone " + group)
	gap.FieldByName("Reason").Set(reflect.ValueOf(fact.ReasonTimeout))
	gap.FieldByName("Detail").SetString("no answer in 10 s")
	for _, name := range []string{"Cluster", "Host", "Name"} {
		if field := gap.FieldByName("Known").FieldByName(name); field.IsValid() {
			field.SetString(group)
		}
	}
	unavailable.Set(reflect.Append(unavailable, gap))
	return set
}

// reversed gives sets with all they have in the other order.
func reversed(sets []fact.AnySet) (other []fact.AnySet) {
	for _, set := range slices.Backward(sets) {
		turned := set.Kind().NoFacts()
		facts, unavailable := fieldsOf(set)
		turnedFacts, turnedUnavailable := fieldsOf(turned)
		turnedFacts.Set(backwards(facts))
		turnedUnavailable.Set(backwards(unavailable))
		other = append(other, turned)
	}
	return other
}

func backwards(list reflect.Value) reflect.Value {
	turned := reflect.MakeSlice(list.Type(), 0, list.Len())
	for i := range list.Len() {
		turned = reflect.Append(turned, list.Index(list.Len()-1-i))
	}
	return turned
}

// wordsOf gives every text that facts contain, each once, and some that none does: what checks compare with is among them.
func wordsOf(sets []fact.AnySet) []string {
	words := []string{"", "other"}
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() { //nolint:exhaustive // The others contain no text.
		case reflect.String:
			words = append(words, v.String())
		case reflect.Pointer, reflect.Interface:
			if !v.IsNil() {
				walk(v.Elem())
			}
		case reflect.Slice, reflect.Array:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Map:
			for _, key := range v.MapKeys() {
				walk(key)
				walk(v.MapIndex(key))
			}
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					walk(v.Field(i))
				}
			}
		}
	}
	for _, set := range sets {
		for i := range set.Len() {
			walk(reflect.ValueOf(set.At(i)))
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// randomFact is a fact with something in every field, or nothing.
func randomFact(t *rapid.T, kind fact.Any, words []string) any {
	f := kind.Zero()
	fill(t, reflect.ValueOf(f).Elem(), words)
	return f
}

// fill draws a value of any type that facts are made of.
func fill(t *rapid.T, v reflect.Value, words []string) {
	switch v.Interface().(type) {
	case time.Time:
		if rapid.Bool().Draw(t, "dated") {
			v.Set(reflect.ValueOf(now.Add(time.Duration(rapid.IntRange(-2000, 2000).Draw(t, "hours")) * time.Hour)))
		}
		return
	case time.Duration:
		v.SetInt(int64(rapid.IntRange(-10, 10_000).Draw(t, "minutes")) * int64(time.Minute))
		return
	}
	number := rapid.SampledFrom([]int64{0, 1, 2, 3, 7, 80, 443, 1000, 8e9, 50e9, 1 << 62})
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Int, reflect.Int64:
		v.SetInt(number.Draw(t, "int"))
	case reflect.Uint8:
		v.SetUint(uint64(rapid.IntRange(0, 6).Draw(t, "small")))
	case reflect.Uint64:
		v.SetUint(uint64(number.Draw(t, "uint")))
	case reflect.Float64:
		v.SetFloat(rapid.Float64().Draw(t, "float"))
	case reflect.String:
		v.SetString(rapid.SampledFrom(words).Draw(t, "text"))
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "there") {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, v.Elem(), words)
		}
	case reflect.Slice:
		for range rapid.IntRange(0, 2).Draw(t, "length") {
			element := reflect.New(v.Type().Elem()).Elem()
			fill(t, element, words)
			v.Set(reflect.Append(v, element))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(t, key, words)
		fill(t, value, words)
		v.SetMapIndex(key, value)
	case reflect.Interface:
		v.Set(reflect.ValueOf(rapid.SampledFrom(words).Draw(t, "any")))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(t, v.Field(i), words)
			}
		}
	default:
		t.Fatalf("a fact has a field of type %s: let the conformance test fill it", v.Type())
	}
}
