package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/record"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// readPatience is how long a record in ConfigMaps may take to be read.
const readPatience = 30 * time.Second

// storageFlags say where what must outlive the process is kept: in a folder, in ConfigMaps, or nowhere.
type storageFlags struct {
	folder     string
	folderSet  bool
	configMaps string
}

func (f *storageFlags) register(clause *kingpin.CmdClause, folder, configMaps string) {
	clause.Flag("storage.path", folder).Default(defaultStorage).IsSetByUser(&f.folderSet).StringVar(&f.folder)
	registerConfigMaps(clause, configMaps, &f.configMaps)
}

func registerConfigMaps(clause *kingpin.CmdClause, help string, value *string) {
	clause.Flag("storage.configmaps", help).PlaceHolder("NAMESPACE/NAME").StringVar(value)
}

// path is the folder; empty: there is none.
func (f *storageFlags) path() string {
	if f.configMaps != "" && !f.folderSet {
		return ""
	}
	return f.folder
}

// place is where the ConfigMaps are.
func (f *storageFlags) place() (types.NamespacedName, error) { return placeOf(f.configMaps) }

func placeOf(flag string) (types.NamespacedName, error) {
	namespace, name, found := strings.Cut(flag, "/")
	if !found || namespace == "" || name == "" || strings.Contains(name, "/") {
		return types.NamespacedName{}, fmt.Errorf("--storage.configmaps %q: expected NAMESPACE/NAME", flag)
	}
	return types.NamespacedName{Namespace: namespace, Name: name}, nil
}

// open opens the store; nil where nothing is to be kept.
func (f *storageFlags) open(options record.Options) (record.Store, error) {
	switch {
	case f.configMaps != "":
		place, err := f.place()
		if err != nil {
			return nil, err
		}
		client, closeClient, err := watch.Login{}.Core()
		if err != nil {
			return nil, fmt.Errorf("--storage.configmaps %s: %w", f.configMaps, err)
		}
		return objectStore{record.OpenObjects(client, place, options), closeClient}, nil
	case f.folder == "":
		return nil, nil //nolint:nilnil // To keep nothing is a choice.
	}
	store, err := record.OpenDirectory(f.folder, options)
	if err != nil {
		return nil, fmt.Errorf("--storage.path %s: %w", f.folder, err)
	}
	return store, nil
}

// An objectStore has a client of its own.
type objectStore struct {
	*record.Objects
	closeClient func()
}

// Close ends the store, and its connections.
func (s objectStore) Close() error {
	defer s.closeClient()
	return s.Objects.Close()
}

// read reads what the running exporter keeps. A folder that there is not, or in which nothing was ever kept, gives record.ErrNoRecord or
// fs.ErrNotExist.
func (f *storageFlags) read(ctx context.Context) (*record.Snapshot, error) {
	switch {
	case f.configMaps != "":
		place, err := f.place()
		if err != nil {
			return nil, err
		}
		client, closeClient, err := watch.Login{}.Core()
		if err != nil {
			return nil, fmt.Errorf("--storage.configmaps %s: %w", f.configMaps, err)
		}
		defer closeClient()
		ctx, cancel := context.WithTimeoutCause(ctx, readPatience, errors.New("the API server took too long"))
		defer cancel()
		return record.ReadObjects(ctx, client, place, countsAsReady)
	case f.folder == "":
		return nil, record.ErrNoRecord
	}
	return record.ReadDirectory(f.folder, countsAsReady)
}
