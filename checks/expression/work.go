package expression

import (
	"reflect"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/functions"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"
)

// What CEL's own limit counts is known only after a function has run, and of lists only how many entries they have. Here
// each function whose work grows with what it is given is told beforehand, by all that it would go through, whether the
// limit is exceeded; the limit counts the same.

// characters is how many characters of a text are one unit of work.
const characters = 10

// bounded are the program's options that hold every function of an environment to a limit of work, in units.
func bounded(env *cel.Env, limit uint64) ([]cel.ProgramOption, error) {
	options := []cel.ProgramOption{cel.CostLimit(limit), cel.CustomDecoratorV2(comparing(limit))}
	for name, function := range env.Functions() {
		if isComparison(name) || !grows(name) {
			continue
		}
		bindings, err := function.Bindings()
		if err != nil {
			return nil, err
		}
		guarded := make([]*functions.Overload, len(bindings))
		for i, binding := range bindings {
			guarded[i] = guard(name, binding, limit)
		}
		//nolint:staticcheck // There is no other way to stand before a function of a library.
		options = append(options, cel.Functions(guarded...))
		for _, overload := range function.OverloadDecls() {
			options = append(options, cel.CostTrackerOptions(cost.OverloadTracker(overload.ID(), func(args []ref.Val, result ref.Val) *uint64 {
				units := 1 + work(name, args, limit) + shallow(result)
				return &units
			})))
		}
	}
	for _, id := range []string{"equals", "not_equals"} {
		options = append(options, cel.CostTrackerOptions(cost.OverloadTracker(id, func(args []ref.Val, _ ref.Val) *uint64 {
			units := 1 + compared(args[0], args[1], limit)
			return &units
		})))
	}
	return options, nil
}

// guard refuses calls that would take more work than the limit.
func guard(name string, binding *functions.Overload, limit uint64) *functions.Overload {
	guarded := *binding
	exceeded := func(args ...ref.Val) bool { return work(name, args, limit) > limit }
	if call := binding.Unary; call != nil {
		guarded.Unary = func(a ref.Val) ref.Val {
			if exceeded(a) {
				return tooMuch()
			}
			return call(a)
		}
	}
	if call := binding.Binary; call != nil {
		guarded.Binary = func(a, b ref.Val) ref.Val {
			if exceeded(a, b) {
				return tooMuch()
			}
			return call(a, b)
		}
	}
	if call := binding.Function; call != nil {
		guarded.Function = func(args ...ref.Val) ref.Val {
			if exceeded(args...) {
				return tooMuch()
			}
			return call(args...)
		}
	}
	return &guarded
}

func tooMuch() ref.Val { return types.NewErr("cost limit exceeded") }

// grows tells functions whose work depends on how large their arguments are; operators on numbers and times are none.
func grows(name string) bool {
	switch name {
	case operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Conditional, operators.NotStrictlyFalse,
		operators.Index, operators.OptIndex, operators.OptSelect, operators.Less, operators.LessEquals, operators.Greater,
		operators.GreaterEquals, operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo, operators.Negate, operators.Add:
		return false
	default:
		return true
	}
}

func isComparison(name string) bool { return name == operators.Equals || name == operators.NotEquals }

// work is what a function goes through, in units; beyond the limit it is more than that, and no more is known.
func work(name string, args []ref.Val, limit uint64) uint64 {
	switch name {
	case "distinct", "sort", "@sortByAssociatedKeys":
		return product(deep(args[0], limit), entries(args[0]))
	case "sets.contains", "sets.equivalent", "sets.intersects", "hasOnly", "hasAny", "hasAll", "hasExactly":
		return product(deep(args[0], limit), entries(args[1])) + product(deep(args[1], limit), entries(args[0]))
	case operators.In, operators.OldIn:
		if _, is := args[1].(traits.Mapper); is {
			return shallow(args[0])
		}
		return product(deep(args[0], limit), 1) + deep(args[1], limit)
	case "lists.range":
		if n, is := args[0].(types.Int); is && n > 0 {
			return uint64(n)
		}
		return 0
	case "matches":
		const leastPattern = 10 // since what is repeated is written once
		return product(1+shallow(args[0]), max(leastPattern, shallow(args[1])*characters/4))
	case "indexOf", "lastIndexOf":
		return product(1+shallow(args[0]), 1+shallow(args[1])*characters)
	case "join":
		units := deep(args[0], limit)
		if len(args) > 1 {
			units += product(shallow(args[1]), entries(args[0]))
		}
		return units
	case "replace":
		return replaced(args)
	case "flatten", "format", "math.@min", "math.@max":
		var units uint64
		for _, arg := range args {
			units += deep(arg, limit)
		}
		return units
	default:
		var units uint64
		for _, arg := range args {
			units += shallow(arg)
		}
		return units
	}
}

// replaced is how long a text becomes by replacing parts of it.
func replaced(args []ref.Val) uint64 {
	text, is := args[0].(types.String)
	old, isOld := args[1].(types.String)
	with, isWith := args[2].(types.String)
	if !is || !isOld || !isWith {
		return 0 // It has no such overload.
	}
	return shallow(text) + product(uint64(strings.Count(string(text), string(old))), uint64(1+len(with)))/characters
}

// product is a product that does not overflow: what is beyond 32 bits is beyond any limit.
func product(a, b uint64) uint64 {
	const most = 1<<32 - 1
	return min(a, most) * min(b, most)
}

// compared is what it takes to tell whether two values are equal: no more than to go through the smaller.
func compared(a, b ref.Val, limit uint64) uint64 { return min(deep(a, limit), deep(b, limit)) }

// entries is how many entries a list has.
func entries(value ref.Val) uint64 {
	if list, is := value.(traits.Lister); is {
		if n, known := list.Size().(types.Int); known {
			return uint64(max(0, n))
		}
	}
	return 1
}

// shallow is what it takes to go through a value without what is in its entries.
func shallow(value ref.Val) uint64 {
	switch v := value.(type) {
	case types.String:
		return uint64(len(v)) / characters
	case types.Bytes:
		return uint64(len(v)) / characters
	case traits.Lister:
		return entries(v)
	default:
		return 0
	}
}

// deep is what it takes to go through a value and all that is in it; once it is beyond the limit, it is not gone on with.
func deep(value ref.Val, limit uint64) uint64 {
	w := walk{limit: limit}
	w.value(value)
	return w.units
}

type walk struct{ units, limit uint64 }

func (w *walk) value(value ref.Val) {
	w.units++
	switch v := value.(type) {
	case types.String, types.Bytes:
		w.units += shallow(v)
	case traits.Lister:
		for i, n := types.Int(0), types.Int(entries(v)); i < n && w.units <= w.limit; i++ {
			w.value(v.Get(i))
		}
	case traits.Mapper:
		for all := v.Iterator(); all.HasNext() == types.True && w.units <= w.limit; {
			key := all.Next()
			w.value(key)
			if entry, found := v.Find(key); found {
				w.value(entry)
			}
		}
	case types.Bool, types.Int, types.Uint, types.Double, types.Duration, types.Timestamp, types.Null, *types.Type:
	case *types.Optional:
		if v.HasValue() {
			w.value(v.GetValue())
		}
	default:
		w.native(reflect.ValueOf(value.Value()))
	}
}

// native goes through a fact or a part of one.
func (w *walk) native(value reflect.Value) {
	w.units++
	if w.units > w.limit || !value.IsValid() || value.Type() == reflect.TypeFor[time.Time]() {
		return
	}
	switch value.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !value.IsNil() {
			w.native(value.Elem())
		}
	case reflect.Struct:
		for i := range value.NumField() {
			w.native(value.Field(i))
		}
	case reflect.Slice, reflect.Array:
		for i := range value.Len() {
			w.native(value.Index(i))
		}
	case reflect.Map:
		for all := value.MapRange(); all.Next(); {
			w.native(all.Key())
			w.native(all.Value())
		}
	case reflect.String:
		w.units += uint64(value.Len()) / characters
	default:
	}
}

// comparing puts comparisons, which are no functions that could be guarded, behind the limit.
func comparing(limit uint64) interpreter.InterpretableDecoratorV2 {
	return func(node interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
		if call, is := node.(interpreter.InterpretableCall); is && isComparison(call.Function()) && len(call.Args()) == 2 {
			return comparison{call, limit}, nil
		}
		return node, nil
	}
}

type comparison struct {
	interpreter.InterpretableCall
	limit uint64
}

// Exec compares what both sides come to.
func (c comparison) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	left := c.Args()[0].Exec(frame)
	if types.IsUnknownOrError(left) {
		return left
	}
	right := c.Args()[1].Exec(frame)
	if types.IsUnknownOrError(right) {
		return right
	}
	result := tooMuch()
	if compared(left, right, c.limit) <= c.limit {
		result = types.Bool((types.Equal(left, right) == types.True) == (c.Function() == operators.Equals))
	}
	if costs := frame.CostTracker(); costs != nil {
		costs.EvalBinary(frame, c.ID(), c, left, right, result)
	}
	return result
}

// Eval is Exec for callers that have no frame.
func (c comparison) Eval(known interpreter.Activation) ref.Val {
	return interpreter.EvalActivation(known, c.Exec)
}
