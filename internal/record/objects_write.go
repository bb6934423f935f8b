package record

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
)

// keep writes a batch behind what is there. The oldest of it becomes a part where there is too much, and all is written anew where it is
// time for that.
func (o *Objects) keep(ctx context.Context, batch []line) error {
	next := o.current
	var text []byte
	for i := range batch {
		text = appendLine(text, batch[i])
	}
	next.tail += string(text)
	switch {
	case o.aged() || next.bytes() > o.options.MaximumBytes:
		return o.keepAnew(ctx)
	case len(next.tail) <= maximumTail:
		return o.write(ctx, next)
	}
	rest := next.tail
	if last := len(next.parts) - 1; last >= 0 && next.parts[last].Bytes+len(rest) <= maximumPart {
		before, err := o.text(ctx, next.parts[last])
		if errors.Is(err, errGone) {
			before, err = "", nil // It was reported.
		}
		if err != nil {
			return err
		}
		rest, next.parts = before+rest, next.parts[:last]
	}
	next.tail = ""
	return o.writeParts(ctx, next, rest)
}

// keepAnew writes all that is kept, without what is too old or too much.
func (o *Objects) keepAnew(ctx context.Context) error {
	size := int64(shareOfOthers * float64(o.options.MaximumBytes))
	o.mu.Lock()
	o.kept.signatures.bound(size)
	o.prune(size)
	lines, others := o.kept.lines(), slices.Clone(o.kept.others)
	o.mu.Unlock()
	var text []byte
	for i := range lines {
		text = appendLine(text, lines[i])
	}
	for _, other := range others {
		text = append(append(text, other...), '\n')
	}
	if int64(len(text)) > o.options.MaximumBytes {
		return fmt.Errorf("all records take %d MiB, and %d are the most: keep them in a folder (--storage.path)",
			len(text)>>20, o.options.MaximumBytes>>20)
	}
	next := o.current
	next.parts, next.tail = nil, ""
	err := o.writeParts(ctx, next, string(text))
	if err == nil {
		o.written = time.Now()
	}
	return err
}

// writeParts writes a state that has further parts, made of a text, and deletes the parts that it has no more.
func (o *Objects) writeParts(ctx context.Context, next state, text string) error {
	next.parts = slices.Clone(next.parts)
	replaced := o.current.parts[len(next.parts):]
	var made []part
	for _, chunk := range chunks(text) {
		one, err := o.makePart(ctx, chunk, made)
		if err != nil {
			o.remove(ctx, made)
			return err
		}
		o.texts[one.UID] = chunk
		made = append(made, one)
	}
	next.parts = append(next.parts, made...)
	err := o.write(ctx, next)
	switch {
	case err == nil:
		o.remove(ctx, replaced)
	case errors.Is(err, errAgain):
		o.remove(ctx, made)
	} // Else it may have been written, and they may be listed.
	return err
}

func (o *Objects) remove(ctx context.Context, parts []part) {
	for _, each := range parts {
		o.client.remove(ctx, each)
	}
}

// makePart makes a part by a name that is free.
func (o *Objects) makePart(ctx context.Context, text string, made []part) (part, error) {
	var unknown []part
	for _, name := range o.names {
		if named := func(p part) bool { return p.Name == name }; slices.ContainsFunc(o.current.parts, named) || slices.ContainsFunc(made, named) {
			continue
		}
		uid, err := o.client.create(ctx, name, text)
		if err == nil {
			return part{Name: name, UID: uid, Bytes: len(text)}, nil
		}
		if !apierrors.IsAlreadyExists(err) {
			return part{}, fmt.Errorf("create ConfigMap %s/%s: %w", o.client.place.Namespace, name, err)
		}
		unknown = append(unknown, part{Name: name})
	}
	return part{}, o.clear(ctx, unknown)
}

// clear deletes parts that were made and are in no list: of a replica that ended meanwhile, or of one that is about to list them. Those
// of the latter it must not lose: once the first object is another version than it knows, it cannot list them any more.
func (o *Objects) clear(ctx context.Context, unknown []part) error {
	for i := range unknown {
		uid, err := o.client.uid(ctx, unknown[i].Name)
		if err != nil {
			return err
		}
		unknown[i].UID = uid
	}
	next := o.current
	next.fence = time.Now().UTC().Format(time.RFC3339Nano)
	if err := o.write(ctx, next); err != nil {
		return err
	}
	o.remove(ctx, unknown)
	return errAgain
}

// write writes the first object in the place of the version that is known.
func (o *Objects) write(ctx context.Context, next state) error {
	began := time.Now()
	main, err := o.client.write(ctx, next.object(o.client.place))
	switch {
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), apierrors.IsNotFound(err) && o.current.uid != "":
		return errAgain
	case err != nil:
		return err
	}
	next.main, next.uid = main, main.UID
	o.put = time.Now()
	o.took = o.put.Sub(began)
	o.settleOn(next)
	return nil
}

// ownLabels are those of all objects of a store.
func ownLabels(store string) map[string]string {
	return map[string]string{
		"app.kubernetes.io/managed-by": "readiness-exporter",
		"app.kubernetes.io/component":  "record",
		"readiness-exporter.io/record": store,
	}
}

// object is the first object as it is to be. What others wrote there beside it stays.
func (s state) object(place types.NamespacedName) *corev1.ConfigMap {
	main := s.main
	if main == nil {
		main = &corev1.ConfigMap{}
		main.Namespace, main.Name, main.Labels = place.Namespace, place.Name, ownLabels(place.Name)
	}
	main = main.DeepCopy()
	if main.Data == nil {
		main.Data = make(map[string]string)
	}
	s.encode(main.Data)
	return main
}
