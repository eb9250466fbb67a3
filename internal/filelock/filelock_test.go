package filelock

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestTryLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	f, err := TryLock(path)
	if err != nil {
		t.Fatal(err)
	}
	var broken *os.PathError
	if _, err := TryLock(path); err == nil || errors.As(err, &broken) {
		t.Errorf("a file that is locked: want an error other than of its path, got %v", err)
	}
	if _, err := TryLock(filepath.Join(path, "in a file")); !errors.As(err, &broken) {
		t.Errorf("a file that cannot be made: want an error of its path, got %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if f, err = TryLock(path); err != nil {
		t.Fatalf("a file that is closed must be free, got %v", err)
	}
	f.Close()
}

// One at a time is in, and all come in.
func TestLockWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	count := filepath.Join(t.TempDir(), "count")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 25 {
				f, err := Lock(path)
				if err != nil {
					t.Error(err)
					return
				}
				// Of two that read and write at once one would be lost.
				data, _ := os.ReadFile(count)
				if err := os.WriteFile(count, append(data, '+'), 0o666); err != nil {
					t.Error(err)
				}
				f.Close()
			}
		})
	}
	wg.Wait()
	if data, err := os.ReadFile(count); err != nil || len(data) != 200 {
		t.Errorf("want 200 turns, got %d, %v", len(data), err)
	}
}
