package main

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain makes the test program the command itself where it is told to, so that tests can
// start and kill it.
func TestMain(m *testing.M) {
	if os.Getenv("DROPOUT_TEST_COMMAND") != "" {
		commandLine().Main()
	}
	goleak.VerifyTestMain(m)
}
