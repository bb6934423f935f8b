package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// archive writes a file for each platform of the image in a layout.
func archive(folder, into, reference string) error {
	tag, err := name.NewTag(reference)
	if err != nil {
		return fmt.Errorf("name the image: %w", err)
	}
	index, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		return fmt.Errorf("read the layout %s: %w", folder, err)
	}
	return each(index, func(platform v1.Platform, image v1.Image) error {
		file := "readiness-exporter-" + strings.ReplaceAll(platform.String(), "/", "-") + ".tar"
		if err := tarball.WriteToFile(filepath.Join(into, file), tag, image); err != nil {
			return fmt.Errorf("write %s: %w", file, err)
		}
		return nil
	})
}

// push pushes the image of a layout, for all its platforms.
func push(ctx context.Context, folder, reference string) error {
	tag, err := name.NewTag(reference)
	if err != nil {
		return fmt.Errorf("name the image: %w", err)
	}
	outer, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		return fmt.Errorf("read the layout %s: %w", folder, err)
	}
	manifest, err := outer.IndexManifest()
	if err != nil {
		return fmt.Errorf("read the layout %s: %w", folder, err)
	}
	if len(manifest.Manifests) != 1 || !manifest.Manifests[0].MediaType.IsIndex() {
		return fmt.Errorf("the layout %s: expected one image, for several platforms", folder)
	}
	digest := manifest.Manifests[0].Digest
	index, err := outer.ImageIndex(digest)
	if err != nil {
		return fmt.Errorf("read the layout %s: %w", folder, err)
	}
	err = remote.WriteIndex(tag, index, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain))
	if err != nil {
		return fmt.Errorf("push %s: %w", reference, err)
	}
	fmt.Println(digest)
	return nil
}

// each visits the images of an index, and of those in it.
func each(index v1.ImageIndex, visit func(v1.Platform, v1.Image) error) error {
	manifest, err := index.IndexManifest()
	if err != nil {
		return fmt.Errorf("read the index of the image: %w", err)
	}
	for _, entry := range manifest.Manifests {
		if entry.MediaType.IsIndex() {
			inner, err := index.ImageIndex(entry.Digest)
			if err != nil {
				return fmt.Errorf("read the index of the image: %w", err)
			}
			if err := each(inner, visit); err != nil {
				return err
			}
			continue
		}
		image, err := index.Image(entry.Digest)
		if err != nil {
			return fmt.Errorf("read the image %s: %w", entry.Digest, err)
		}
		config, err := image.ConfigFile()
		if err != nil {
			return fmt.Errorf("read the image %s: %w", entry.Digest, err)
		}
		if err := visit(*config.Platform(), image); err != nil {
			return err
		}
	}
	return nil
}
