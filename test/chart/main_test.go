package chart_test

import (
	"testing"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

var servers *world.World

func TestMain(m *testing.M) { world.Main(m, &servers) }
