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
	// nats.go leaves a goroutine where a connection is closed before the one that watches it
	// for published messages has begun: it then waits at a nil channel (jetstream/publish.go).
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/nats-io/nats.go/jetstream.(*jetStream).resetPendingAcksOnReconnect"))
}
