package fact

import "time"

// What breaks users now, or soon if nobody acts, is urgent: it calls somebody. These are the limits of that, the same as in
// alerts/thresholds.rules.yaml; a test of the alerts holds both together.
const (
	urgentLife       = 48 * time.Hour // of a certificate that is left
	urgentLifeShare  = 24             // or this part of its life, where that is less
	urgentSpaceRatio = 0.05
	urgentSpaceBytes = 1 << 30
	urgentInodeRatio = 0.05
	urgentInodes     = 10_000
	urgentTimeToFull = 4 * time.Hour
)

// Urgent tells whether the certificate has expired, or will very soon.
func (c *ChainCertificate) Urgent(now time.Time) bool {
	return c.NotAfter.Sub(now) < min(urgentLife, c.NotAfter.Sub(c.NotBefore)/urgentLifeShare)
}

// Urgent tells whether the signature that expires first has, or will very soon: validating resolvers refuse the name then. One that a
// name server makes for each answer, and that lives for days, is measured by its own life.
func (d *DNSSEC) Urgent(now time.Time) bool {
	return !d.Expiration.IsZero() && d.Expiration.Sub(now) < min(urgentLife, d.Expiration.Sub(d.Inception)/urgentLifeShare)
}

// Full tells whether what writes to the file system fails now, or will after little more is written: by share and in all,
// since a twentieth of a large one is more than many have.
func (f *Filesystem) Full() bool {
	free, known := f.AvailableRatio()
	return known && free < urgentSpaceRatio && f.Available < urgentSpaceBytes
}

// InodesUsedUp tells whether the file system can hold no more files, or few.
func (f *Filesystem) InodesUsedUp() bool {
	free, known := f.InodesFreeRatio()
	return known && free < urgentInodeRatio && f.InodesFree < urgentInodes
}

// FullWithinHours tells whether the file system will be full before somebody comes to work, at its growth of the last hours.
func (f *Filesystem) FullWithinHours(now time.Time) bool {
	return !f.FullAt.IsZero() && f.FullAt.Sub(now) < urgentTimeToFull
}

// Down tells whether the workload should have pods, and none is available.
func (w *Workload) Down() bool { return w.Replicas.Desired > 0 && w.Replicas.Available == 0 }
