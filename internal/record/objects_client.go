package record

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

const (
	// maximumPart bounds the records in one part: an object takes 1 MiB, with its names.
	maximumPart = 900 << 10
	// maximumTail bounds what each write sends once more, and etcd keeps until it compacts.
	maximumTail = 128 << 10
	// maximumParts are as many as there are while all is written anew, and some more.
	maximumParts = 32
)

// The keys of objects.
const (
	keyFormat  = "format"
	keyParts   = "parts"
	keyRecords = "records"
	keyFence   = "fence"
)

// A part is an object with records that do not change.
type part struct {
	Name  string    `json:"name"`
	UID   types.UID `json:"uid"` // An object of the same name may be another one.
	Bytes int       `json:"bytes"`
}

// A state is what the first object says.
type state struct {
	main  *corev1.ConfigMap // nil: there is none, or it is not known
	uid   types.UID         // of the object that was read or written last
	parts []part
	tail  string
	fence string // changes where nothing else does
}

// version is the same while nothing changes.
func (s *state) version() string {
	if s.main == nil {
		return ""
	}
	return string(s.main.UID) + " " + s.main.ResourceVersion
}

// bytes are those of all records.
func (s *state) bytes() (all int64) {
	for _, each := range s.parts {
		all += int64(each.Bytes)
	}
	return all + int64(len(s.tail))
}

func (s *state) encode(data map[string]string) {
	parts, _ := json.Marshal(s.parts) // It has nothing but texts and numbers.
	data[keyFormat], data[keyParts], data[keyRecords] = fmt.Sprint(format), string(parts), s.tail
	if s.fence != "" {
		data[keyFence] = s.fence
	}
}

// decode reads the first object.
func decode(main *corev1.ConfigMap) (state, error) {
	s := state{main: main, uid: main.UID, tail: main.Data[keyRecords], fence: main.Data[keyFence]}
	if main.Data[keyFormat] != fmt.Sprint(format) {
		return state{}, fmt.Errorf("read ConfigMap %s/%s: %w; name another one, or delete it", main.Namespace, main.Name, errForeign)
	}
	if err := json.Unmarshal([]byte(main.Data[keyParts]), &s.parts); err != nil {
		return state{}, fmt.Errorf("read the list of parts in ConfigMap %s/%s: %w", main.Namespace, main.Name, err)
	}
	return s, nil
}

// chunks cuts a text at the ends of lines into what parts take.
func chunks(text string) (all []string) {
	for len(text) > maximumPart {
		end := strings.LastIndexByte(text[:maximumPart], '\n') + 1
		if end == 0 {
			end = len(text) // One line; the API server says what is wrong with it.
		}
		all, text = append(all, text[:end]), text[end:]
	}
	if text != "" {
		all = append(all, text)
	}
	return all
}

// errGone says that a part is not there, or not the one that it was.
var errGone = errors.New("it is gone")

// An objectClient reads and writes the ConfigMaps of one store.
type objectClient struct {
	client rest.Interface
	place  types.NamespacedName
}

func (c objectClient) get(ctx context.Context, name string) (*corev1.ConfigMap, error) {
	found := &corev1.ConfigMap{}
	err := c.client.Get().Namespace(c.place.Namespace).Resource("configmaps").Name(name).Do(ctx).Into(found)
	if err != nil {
		return nil, c.named(ctx, "get", name, err)
	}
	return found, nil
}

func (c objectClient) named(ctx context.Context, verb, name string, err error) error {
	if ctx.Err() != nil {
		err = errors.Join(err, context.Cause(ctx))
	}
	return fmt.Errorf("%s ConfigMap %s/%s: %w", verb, c.place.Namespace, name, err)
}

// state reads the first object, if there is one.
func (c objectClient) state(ctx context.Context) (state, error) {
	main, err := c.get(ctx, c.place.Name)
	switch {
	case apierrors.IsNotFound(err):
		return state{}, nil
	case err != nil:
		return state{}, err
	}
	return decode(main)
}

// text reads a part.
func (c objectClient) text(ctx context.Context, of part) (string, error) {
	found, err := c.get(ctx, of.Name)
	switch {
	case apierrors.IsNotFound(err):
		return "", errGone
	case err != nil:
		return "", err
	case found.UID != of.UID:
		return "", errGone
	}
	return found.Data[keyRecords], nil
}

// uid is that of an object; empty where there is none.
func (c objectClient) uid(ctx context.Context, name string) (types.UID, error) {
	found, err := c.get(ctx, name)
	switch {
	case apierrors.IsNotFound(err):
		return "", nil
	case err != nil:
		return "", err
	}
	return found.UID, nil
}

// create makes a part.
func (c objectClient) create(ctx context.Context, name, text string) (types.UID, error) {
	immutable := true
	object := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: c.place.Namespace, Name: name, Labels: ownLabels(c.place.Name)},
		Data:       map[string]string{keyRecords: text}, Immutable: &immutable,
	}
	made := &corev1.ConfigMap{}
	err := c.client.Post().Namespace(c.place.Namespace).Resource("configmaps").Body(object).Do(ctx).Into(made)
	return made.UID, err
}

// write makes the first object, or writes it in the place of the version that it names.
func (c objectClient) write(ctx context.Context, object *corev1.ConfigMap) (*corev1.ConfigMap, error) {
	request, verb := c.client.Post(), "create"
	if object.ResourceVersion != "" {
		request, verb = c.client.Put().Name(c.place.Name), "update"
	}
	written := &corev1.ConfigMap{}
	err := request.Namespace(c.place.Namespace).Resource("configmaps").Body(object).Do(ctx).Into(written)
	if err != nil {
		return nil, c.named(ctx, verb, c.place.Name, err)
	}
	return written, nil
}

// remove deletes a part, if it is that. One that stays is in no list, and is cleared away by whoever needs its name.
func (c objectClient) remove(ctx context.Context, of part) {
	if of.UID == "" {
		return
	}
	options := &metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(of.UID))}
	_ = c.client.Delete().Namespace(c.place.Namespace).Resource("configmaps").Name(of.Name).Body(options).Do(ctx).Error()
}
