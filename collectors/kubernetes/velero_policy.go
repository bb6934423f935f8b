package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// volumePolicies are what a ConfigMap tells Velero to do with volumes
// (https://velero.io/docs/main/resource-filtering/#resource-policies): the first that matches decides.
type volumePolicies struct {
	rules   []volumePolicy
	trouble string // why they cannot be evaluated; empty where they can
}

// A volumePolicy matches a volume if all of its conditions do; those that are not there match every volume.
type volumePolicy struct {
	conditions volumeConditions
	lower      resource.Quantity // of the capacity
	upper      resource.Quantity // of the capacity; zero: any
	action     string
}

// volumeConditions are as Velero has them. A field that is not known here is an error.
type volumeConditions struct {
	Capacity     string            `yaml:"capacity"`
	StorageClass []string          `yaml:"storageClass"`
	NFS          *nfsSource        `yaml:"nfs"`
	CSI          *csiSource        `yaml:"csi"`
	VolumeTypes  []string          `yaml:"volumeTypes"`
	PVCLabels    map[string]string `yaml:"pvcLabels"`
	PVCPhase     []string          `yaml:"pvcPhase"`
}

// An nfsSource is where the data of a volume are on a server of NFS.
type nfsSource struct {
	Server string `yaml:"server"`
	Path   string `yaml:"path"`
}

// A csiSource is the driver that a volume is of.
type csiSource struct {
	Driver           string            `yaml:"driver"`
	VolumeAttributes map[string]string `yaml:"volumeAttributes"`
}

// What volume policies do with the volumes that they match.
const (
	actionSkip     = "skip"
	actionSnapshot = "snapshot"
	actionCopy     = "fs-backup"
	actionCustom   = "custom" // left to a plugin
)

// readVolumePolicies reads the content of a ConfigMap as strictly as Velero does.
func readVolumePolicies(data map[string]string) (read volumePolicies, err error) {
	if len(data) != 1 {
		return read, fmt.Errorf("expected one key with the policies, there are %d", len(data))
	}
	var content struct {
		Version        string `yaml:"version"`
		VolumePolicies []struct {
			Conditions volumeConditions `yaml:"conditions"`
			Action     struct {
				Type       string         `yaml:"type"`
				Parameters map[string]any `yaml:"parameters"`
			} `yaml:"action"`
		} `yaml:"volumePolicies"`
		IncludeExcludePolicy any `yaml:"includeExcludePolicy"`
	}
	for _, text := range data {
		decoder := yaml.NewDecoder(strings.NewReader(text))
		decoder.KnownFields(true)
		if err := decoder.Decode(&content); err != nil && !errors.Is(err, io.EOF) {
			return read, err
		}
	}
	switch {
	case content.Version != "v1":
		return read, fmt.Errorf("version %q is not known; expected v1", content.Version)
	case content.IncludeExcludePolicy != nil:
		return read, errors.New("they include or exclude resources (includeExcludePolicy), which is not evaluated")
	}
	for i, each := range content.VolumePolicies {
		rule := volumePolicy{conditions: each.Conditions, action: each.Action.Type}
		if !slices.Contains([]string{actionSkip, actionSnapshot, actionCopy, actionCustom}, rule.action) {
			return read, fmt.Errorf("policy %d: the action %q is not known", i+1, rule.action)
		}
		if rule.lower, rule.upper, err = capacities(each.Conditions.Capacity); err != nil {
			return read, fmt.Errorf("policy %d: capacity %q: %w", i+1, each.Conditions.Capacity, err)
		}
		read.rules = append(read.rules, rule)
	}
	return read, nil
}

// capacities reads bounds such as 10Gi,100Gi, of which either may be left out.
func capacities(text string) (lower, upper resource.Quantity, err error) {
	if text == "" {
		return lower, upper, nil
	}
	bounds := strings.Split(text, ",")
	if len(bounds) != 2 {
		return lower, upper, errors.New("expected two quantities with a comma between")
	}
	for i, to := range []*resource.Quantity{&lower, &upper} {
		if bound := strings.TrimSpace(bounds[i]); bound != "" {
			if *to, err = resource.ParseQuantity(bound); err != nil {
				return lower, upper, err
			}
		}
	}
	if !upper.IsZero() && upper.Cmp(lower) < 0 {
		return lower, upper, errors.New("the second is less than the first")
	}
	return lower, upper, nil
}

// first gives the policy that decides on a claim, and its number; none matches where it is 0.
func (p volumePolicies) first(c dataClaim) (volumePolicy, int) {
	for i, rule := range p.rules {
		if rule.matches(c) {
			return rule, i + 1
		}
	}
	return volumePolicy{}, 0
}

func (p volumePolicy) matches(c dataClaim) bool {
	v, wants := c.volume, p.conditions
	if v == nil {
		v = &persistentVolume{class: intern("")} // A claim without a volume is matched by what is its own.
	}
	class := v.class.Value()
	switch {
	case p.lower.CmpInt64(v.capacity) > 0, !p.upper.IsZero() && p.upper.CmpInt64(v.capacity) < 0,
		len(wants.StorageClass) > 0 && (class == "" || !slices.Contains(wants.StorageClass, class)),
		len(wants.VolumeTypes) > 0 && !slices.Contains(wants.VolumeTypes, v.source),
		len(wants.PVCPhase) > 0 && !slices.Contains(wants.PVCPhase, c.phase),
		len(wants.PVCLabels) > 0 && !labels.SelectorFromSet(wants.PVCLabels).Matches(c.labels):
		return false
	}
	if nfs := wants.NFS; nfs != nil {
		if v.nfs == nil || nfs.Path != "" && nfs.Path != v.nfs.Path || nfs.Server != "" && nfs.Server != v.nfs.Server {
			return false
		}
	}
	if csi := wants.CSI; csi != nil {
		return v.csi != nil && (csi.Driver == "" || csi.Driver == v.csi.Driver && among(csi.VolumeAttributes, v.csi.VolumeAttributes))
	}
	return true
}

// among tells whether all of some attributes are among others.
func among(some, others map[string]string) bool {
	for key, value := range some {
		if others[key] != value {
			return false
		}
	}
	return true
}

// String names what a policy matches.
func (c volumeConditions) String() string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+" "+value)
		}
	}
	add("capacity", c.Capacity)
	add("storageClass", strings.Join(c.StorageClass, " or "))
	if c.NFS != nil {
		parts = append(parts, strings.TrimRight("nfs "+c.NFS.Server+":"+c.NFS.Path, ": "))
	}
	if c.CSI != nil {
		parts = append(parts, strings.TrimSpace("csi "+c.CSI.Driver))
	}
	add("volumeTypes", strings.Join(c.VolumeTypes, " or "))
	add("pvcLabels", labels.Set(c.PVCLabels).String())
	add("pvcPhase", strings.Join(c.PVCPhase, " or "))
	if len(parts) == 0 {
		return "every volume"
	}
	return "volumes of " + strings.Join(parts, ", ")
}

// policiesByPlace are volume policies by the namespace and name of their ConfigMap.
type policiesByPlace map[types.NamespacedName]volumePolicies

// mostPolicies are how many ConfigMaps are read in all: a cluster has a few.
const mostPolicies = 50

// askPolicies reads the ConfigMaps that schedules of Velero name. What cannot be read is told of those that it concerns.
func askPolicies(ctx context.Context, c *watch.Connection, _ Target, of []*snapshot) (any, error) {
	wanted := make(map[types.NamespacedName]bool)
	for _, s := range of {
		stored(s, veleroSchedules()).Each(func(name types.NamespacedName, b backupSchedule) {
			if b.velero.policy != "" && s.concerns(name.Namespace, b) {
				wanted[types.NamespacedName{Namespace: name.Namespace, Name: b.velero.policy}] = true
			}
		})
	}
	read := make(policiesByPlace)
	byName := func(a, b types.NamespacedName) int { return strings.Compare(a.String(), b.String()) }
	for _, place := range slices.SortedFunc(maps.Keys(wanted), byName)[:min(len(wanted), mostPolicies)] {
		data, err := c.ConfigMap(ctx, place)
		if err != nil {
			read[place] = volumePolicies{trouble: err.Error()}
			continue
		}
		policies, err := readVolumePolicies(data)
		if err != nil {
			policies.trouble = fmt.Sprintf("read ConfigMap %s: %s", place, err)
		}
		read[place] = policies
	}
	return read, nil
}

// policyReading is the permission that this takes: by name, of ConfigMaps that a schedule names, wherever Velero runs.
func policyReading(topic string) reading {
	return reading{topic: topic, resource: corev1.SchemeGroupVersion.WithResource("configmaps").GroupResource()}
}
