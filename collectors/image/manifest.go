package image

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// resolved is what is known of a reference: it stays while the reference leads to the same digest.
type resolved struct {
	trouble fact.ImageTrouble
	digest  string
	offers  []string // platforms
	builds  []build
	// attestations are manifests of the index that say how the image came to be, as BuildKit writes them.
	attestations []v1.Hash
}

// A build is one for one platform.
type build struct {
	fact.ImageBuild
	layers []v1.Descriptor
}

func (r *resolved) facts() (all []fact.ImageBuild) {
	for _, each := range r.builds {
		all = append(all, each.ImageBuild)
	}
	return all
}

// A manifest is what registries hold of an image, of an index of images, or of something else
// (https://github.com/opencontainers/image-spec/blob/main/manifest.md).
type manifest struct {
	SchemaVersion int             `json:"schemaVersion"`
	Config        *v1.Descriptor  `json:"config"`
	Layers        []v1.Descriptor `json:"layers"`
	Manifests     []v1.Descriptor `json:"manifests"`
	FSLayers      []struct{}      `json:"fsLayers"` // of schema 1
}

// resolve asks what a reference leads to, and only where that is new for what it is: to ask for a digest is no pull, by which registries
// limit clients.
func (r *reader) resolve(ctx context.Context, t Target, d *door) (*resolved, error) {
	head, err := d.puller.Head(ctx, d.ref)
	var answered *transport.Error
	clear := errors.As(err, &answered) && answered.StatusCode != http.StatusNotFound && answered.StatusCode != http.StatusMethodNotAllowed
	if clear || ctx.Err() != nil {
		return nil, d.explain(ctx, "ask for "+t.Reference, err)
	}
	r.mu.Lock()
	before := r.resolved[t.key()]
	r.mu.Unlock()
	if err == nil && before != nil && before.digest == head.Digest.String() {
		return before, nil
	}
	found, err := d.resolve(ctx, t)
	if err != nil {
		return nil, err
	}
	if found.trouble == "" { // What is amiss may be put right.
		r.mu.Lock()
		defer r.mu.Unlock()
		r.resolved[t.key()] = found
	}
	return found, nil
}

func (d *door) resolve(ctx context.Context, t Target) (*resolved, error) {
	root, digest, err := d.manifest(ctx, d.ref)
	switch {
	case isAbsent(err):
		return &resolved{trouble: fact.ImageAbsent}, nil
	case err != nil:
		return nil, err
	}
	found := &resolved{digest: digest}
	switch {
	case root.Manifests != nil:
		err = d.index(ctx, t, root, found)
	case root.SchemaVersion == 1 || root.FSLayers != nil:
		found.trouble = fact.ImageObsolete
	case root.Config == nil:
		return nil, fact.Errorf(fact.ReasonInvalid, "read the manifest of %s: it is none of an image", t.Reference)
	default:
		err = d.add(ctx, t, root, digest, found)
	}
	if isAbsent(err) {
		found.trouble, err = fact.ImageIncomplete, nil
	}
	slices.Sort(found.offers)
	found.offers = slices.Compact(found.offers)
	return found, err
}

// index reads of an index those manifests that are for wanted platforms; where it is not known which those are, the first.
func (d *door) index(ctx context.Context, t Target, root *manifest, found *resolved) error {
	var unnamed []v1.Descriptor
	byPlatform := make(map[string]v1.Descriptor)
	for _, each := range root.Manifests {
		switch {
		case each.Annotations["vnd.docker.reference.type"] == "attestation-manifest":
			found.attestations = append(found.attestations, each.Digest)
		case each.Platform == nil:
			unnamed = append(unnamed, each)
		case each.Platform.OS == "unknown":
		default:
			platform := platformOf(each.Platform.OS, each.Platform.Architecture)
			found.offers = append(found.offers, platform)
			if _, there := byPlatform[platform]; !there {
				byPlatform[platform] = each
			}
		}
	}
	wanted := t.Wanted
	if len(wanted) == 0 && len(found.offers) > 0 {
		wanted = found.offers[:1]
	}
	for _, platform := range wanted {
		described, there := byPlatform[platform]
		if !there {
			continue
		}
		read, digest, err := d.child(ctx, described)
		if err != nil {
			return err
		}
		made, err := d.single(ctx, read, digest)
		if err != nil {
			return err
		}
		made.Platform = platform
		found.builds = append(found.builds, made)
	}
	for _, each := range unnamed[:min(len(unnamed), maximumUnnamed)] { // Only their configurations tell the platform.
		read, digest, err := d.child(ctx, each)
		if err == nil {
			err = d.add(ctx, t, read, digest, found)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// add adds an image whose configuration tells its platform.
func (d *door) add(ctx context.Context, t Target, read *manifest, digest string, found *resolved) error {
	if kind := string(read.Config.MediaType); !strings.Contains(kind, "image.config") && !strings.Contains(kind, "container.image") {
		found.trouble = fact.ImageForeign
		return nil
	}
	made, err := d.single(ctx, read, digest)
	if err != nil {
		return err
	}
	found.offers = append(found.offers, made.Platform)
	if len(t.Wanted) == 0 || slices.Contains(t.Wanted, made.Platform) {
		found.builds = append(found.builds, made)
	}
	return nil
}

// maximumUnnamed is how many manifests are read of an index that does not tell their platforms.
const maximumUnnamed = 8

func (d *door) child(ctx context.Context, described v1.Descriptor) (read *manifest, digest string, err error) {
	read, digest, err = d.manifest(ctx, d.ref.Context().Digest(described.Digest.String()))
	if err == nil && read.Config == nil {
		err = fact.Errorf(fact.ReasonInvalid, "read the manifest %s: it is none of an image", digest)
	}
	return read, digest, err
}

// maximumLayers is more than containerd mounts.
const maximumLayers = 500

// single reads an image for one platform, which its configuration names.
func (d *door) single(ctx context.Context, read *manifest, digest string) (build, error) {
	if len(read.Layers) > maximumLayers {
		return build{}, fact.Errorf(fact.ReasonUnsupported, "read the manifest %s: it has more than %d layers", digest, maximumLayers)
	}
	content, err := d.small(ctx, read.Config.Digest)
	if err != nil {
		return build{}, err
	}
	var config v1.ConfigFile
	if err := json.Unmarshal(content, &config); err != nil {
		return build{}, fact.Errorf(fact.ReasonInvalid, "read the configuration %s: it is none of an image", read.Config.Digest)
	}
	check := config.Config.Healthcheck
	made := build{layers: read.Layers, ImageBuild: fact.ImageBuild{
		Platform: platformOf(config.OS, config.Architecture), Digest: digest, Layers: len(read.Layers),
		User:        words.Printable(config.Config.User, longestText),
		HealthCheck: check != nil && len(check.Test) > 0 && check.Test[0] != "NONE",
		Revision:    words.Printable(config.Config.Labels["org.opencontainers.image.revision"], longestText),
	}}
	for i := range read.Layers {
		made.Compressed += min(max(0, read.Layers[i].Size), maximumSize)
	}
	return made, nil
}

const (
	longestText = 200     // of what an image says of itself
	maximumSize = 1 << 50 // of a layer: more is a lie
)

// manifest reads one. That of a digest is checked against it; the digest of a tag is that of what was sent.
func (d *door) manifest(ctx context.Context, ref name.Reference) (*manifest, string, error) {
	doing := "read the manifest of " + d.ref.Name()
	read, err := d.puller.Get(ctx, ref)
	switch {
	case deniesHolding(err):
		return nil, "", &absent{fmt.Errorf("%s: %s does not hold it", doing, d.host)}
	case err != nil:
		return nil, "", d.explain(ctx, doing, err)
	}
	parsed := &manifest{}
	if err := json.NewDecoder(bytes.NewReader(read.Manifest)).Decode(parsed); err != nil {
		return nil, "", fact.Errorf(fact.ReasonInvalid, "%s: %s does not answer with a manifest", doing, d.host)
	}
	return parsed, read.Digest.String(), nil
}

// small reads a blob that is no layer.
func (d *door) small(ctx context.Context, digest v1.Hash) ([]byte, error) {
	doing := "read the configuration of " + d.ref.Name()
	from, err := d.blob(ctx, digest)
	if err != nil {
		if isAbsent(err) {
			return nil, err
		}
		return nil, d.explain(ctx, doing, err)
	}
	defer from.Close()
	content, err := io.ReadAll(io.LimitReader(from, maximumAnswer+1))
	switch {
	case err != nil:
		return nil, d.explain(ctx, doing, err)
	case len(content) > maximumAnswer:
		return nil, fact.Errorf(fact.ReasonInvalid, "%s: it is too long", doing)
	}
	return content, nil
}

// blob opens one, whose content is checked against its digest where it ends.
func (d *door) blob(ctx context.Context, digest v1.Hash) (io.ReadCloser, error) {
	if digest.Hex == "" {
		return nil, errors.New("no digest")
	}
	layer, err := d.puller.Layer(ctx, d.ref.Context().Digest(digest.String()))
	if err != nil {
		return nil, err
	}
	from, err := layer.Compressed()
	if deniesHolding(err) {
		return nil, &absent{fmt.Errorf("%s does not hold %s", d.host, digest)}
	}
	return from, err
}

// attachments asks for signatures and lists of contents: as cosign names tags after digests, as referrers of the OCI, and as BuildKit puts
// them into the index. None is verified.
func attachments(ctx context.Context, d *door, of *resolved, image *fact.Image, set *fact.Set[fact.Image]) {
	err := d.referrers(ctx, of, image)
	for _, each := range of.attestations[:min(len(of.attestations), maximumUnnamed)] {
		if err != nil || image.Described {
			break
		}
		var read *manifest
		if read, _, err = d.manifest(ctx, d.ref.Context().Digest(each.String())); err == nil {
			image.Described = slices.ContainsFunc(read.Layers, func(l v1.Descriptor) bool {
				return describes(l.Annotations["in-toto.io/predicate-type"])
			})
		}
	}
	for suffix, there := range map[string]*bool{"sig": &image.Signed, "sbom": &image.Described} {
		if err != nil || *there {
			continue
		}
		_, err = d.puller.Head(ctx, d.ref.Context().Tag(strings.Replace(of.digest, ":", "-", 1)+"."+suffix))
		*there = err == nil
		if err != nil {
			err = d.unlessMissing(ctx, err)
		}
	}
	if err != nil && !isAbsent(err) {
		image.Signed, image.Described = false, false
		lack(image, set, fact.TopicAttachments, fmt.Errorf("ask for signatures: %w", err))
	}
}

// unlessMissing explains an error but that of something that is not there.
func (d *door) unlessMissing(ctx context.Context, err error) error {
	var answered *transport.Error
	if errors.As(err, &answered) && answered.StatusCode == http.StatusNotFound && ctx.Err() == nil {
		return nil
	}
	return d.explain(ctx, "ask for signatures of "+d.ref.Name(), err)
}

func (d *door) referrers(ctx context.Context, of *resolved, image *fact.Image) error {
	index, err := remote.Referrers(d.ref.Context().Digest(of.digest), remote.WithContext(ctx), remote.Reuse(d.puller))
	if err != nil {
		return d.unlessMissing(ctx, err)
	}
	read, err := index.IndexManifest()
	if err != nil {
		return fact.Errorf(fact.ReasonInvalid, "read the referrers of %s: %s does not answer with an index", d.ref.Name(), d.host)
	}
	for i := range read.Manifests {
		each := &read.Manifests[i]
		kind, predicate := each.ArtifactType, each.Annotations["dev.sigstore.bundle.predicateType"]
		image.Described = image.Described || describes(kind) || describes(predicate)
		image.Signed = image.Signed || strings.Contains(kind, "cosign.artifact.sig") || strings.Contains(kind, "notary.signature") ||
			each.Annotations["dev.sigstore.bundle.content"] == "message-signature" || strings.Contains(predicate, "cosign/sign")
	}
	return nil
}

// describes tells the types of lists of what software is made of.
func describes(kind string) bool {
	kind = strings.ToLower(kind)
	return strings.Contains(kind, "spdx") || strings.Contains(kind, "cyclonedx")
}
