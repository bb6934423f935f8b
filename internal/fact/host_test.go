package fact_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// exported writes the samples of a fact, one a line.
func exported(kind fact.Any, f any) []string {
	families := kind.Families()
	var lines []string
	kind.Samples(f, func(family int, values []string, value float64) {
		labels := make([]string, len(values))
		for i := range values {
			labels[i] = families[family].Labels[i] + "=" + values[i]
		}
		lines = append(lines, fmt.Sprintf("%s{%s} %v", families[family].Name, strings.Join(labels, ","), value))
	})
	return lines
}

func TestHostSamples(t *testing.T) {
	require.Equal(t, []string{"host_info{host=web-1,os_id=,os_version=,os_codename=,kernel=} 1"},
		exported(fact.Hosts(), &fact.Host{Name: "web-1"}), "a number that is not known is left out")
	require.Equal(t, []string{
		"host_info{host=web-1,os_id=ubuntu,os_version=22.04,os_codename=jammy,kernel=5.15.0} 1",
		"host_os_support_end_timestamp_seconds{host=web-1,support=standard} 200",
		"host_os_support_end_timestamp_seconds{host=web-1,support=extended} 300",
		"host_boot_timestamp_seconds{host=web-1} 100",
		"host_memory_bytes{host=web-1} 8e+09",
		"host_memory_available_bytes{host=web-1} 0",
		"host_cores{host=web-1} 4",
		"host_reboot_required{host=web-1} 1",
	}, exported(fact.Hosts(), &fact.Host{
		Name: "web-1", ID: "ubuntu", Version: "22.04", Codename: "jammy", Kernel: "5.15.0", BootedAt: time.Unix(100, 0),
		SupportEnd: time.Unix(200, 0), ExtendedSupportEnd: time.Unix(300, 0),
		Memory: 8e9, Cores: 4, RebootRequired: true, RebootKnown: true,
	}))
}
