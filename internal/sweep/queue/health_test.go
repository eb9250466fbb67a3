package queue

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pkg/errors"
)

// A disk that runs full ends what waits for the server, with one line that says what
// is needed; with room again everything goes on.
func TestHealth(t *testing.T) {
	store := filepath.Join(t.TempDir(), "store")
	s, err := StartServer(ServerConfig{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var free atomic.Int64
	free.Store(1 << 40)
	s.free = func(string) (int64, bool) { return free.Load(), true }
	if err := s.Health(); err != nil {
		t.Error(err)
	}
	ended := make(chan error)
	go func() { ended <- s.Watch(t.Context(), time.Millisecond) }()
	free.Store(minFree - 1)
	err = <-ended
	if !errors.Is(err, ErrStore) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), store+" must be on a disk with 16.0 MiB free, got 16.0 MiB; what it has is safe") {
		t.Errorf("got %v", err)
	}
	free.Store(1 << 40)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Watch(ctx, time.Hour); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(store, ".probe*")); err != nil || len(left) > 0 {
		t.Errorf("left %q, %v", left, err)
	}
	if err := s.nats.DisableJetStream(); err != nil {
		t.Fatal(err)
	}
	if err := s.Health(); !errors.Is(err, ErrStore) || !strings.Contains(err.Error(), "has stopped to") {
		t.Errorf("without JetStream: %v", err)
	}
	s.store = filepath.Join(store, "gone")
	if err := s.Health(); !errors.Is(err, ErrStore) || !strings.Contains(err.Error(), "must be writable: ") {
		t.Errorf("without its directory: %v", err)
	}
	if _, err := os.Stat(s.store); err == nil {
		t.Error("the probe must not make the store")
	}
}

// What goes wrong again and again is one line.
func TestComplainsOnce(t *testing.T) {
	var said []string
	w := &Worker{Log: func(s string) { said = append(said, s) }}
	for range 100 {
		w.complain("result %s is not kept yet: %v", "a", "no room")
	}
	w.complain("waiting for the server")
	if len(said) != 2 {
		t.Errorf("want two lines, got %q", said)
	}
}
