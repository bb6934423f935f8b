package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

var servers *world.World

// TestMain makes this test binary the program too, so that tests can run it as users do.
func TestMain(m *testing.M) {
	testscript.Main(world.Around(m, &servers), map[string]func(){"readiness-exporter": main})
}

// TestScripts runs the program on its command line: one file in testdata/script, one case.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script", UpdateScripts: false})
}
