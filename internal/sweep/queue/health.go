package queue

import (
	"context"
	"os"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/room"
)

// minFree is what the disk of a store must have room for. The server's own error of a
// full disk comes too late: it then keeps nothing more, and tells clients nothing.
const minFree = 16 << 20

// ErrStore is the error of a store that can keep nothing more.
var ErrStore = errors.New("the store can keep nothing more")

// Health returns an error, which is ErrStore, if the server cannot keep what it is sent:
// because its disk is full or fails, or because it has given up.
func (s *Server) Health() error {
	reason := s.trouble()
	if reason == "" {
		return nil
	}
	return errors.Wrapf(ErrStore, "%s %s; what it has is safe: make room and run the same command again", s.store, reason)
}

func (s *Server) trouble() string {
	if free, ok := s.free(s.store); ok && free < minFree {
		return "must be on a disk with " + room.Size(minFree) + " free, got " + room.Size(free)
	}
	if err := probe(s.store); err != nil {
		return "must be writable: " + err.Error()
	}
	if !s.nats.JetStreamEnabled() {
		return "must have a server that keeps messages, but it has stopped to"
	}
	return ""
}

// probe writes a little to a directory.
func probe(dir string) error {
	f, err := os.CreateTemp(dir, ".probe.*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(make([]byte, 4096))
	if closing := f.Close(); err == nil {
		err = closing
	}
	return err
}

// Watch looks after the server from time to time, and returns its error or, when ctx is
// done, nil.
func (s *Server) Watch(ctx context.Context, every time.Duration) error {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		if err := s.Health(); err != nil {
			return err
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return nil
		}
	}
}
