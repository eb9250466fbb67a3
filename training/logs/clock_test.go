package logs

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TensorBoard reads the file of a resumed run after that of the run, even if the clock was
// ahead when that began.
func TestClockSetBack(t *testing.T) {
	dir := t.TempDir()
	ahead := boardName(time.Now().Add(48 * time.Hour))
	// Names of others, and those after which none would come, count for nothing.
	names := []string{"events.out.tfevents.9999999999.dropout.000000000", "events.out.tfevents.12345678901.host", "events.out.tfevents.9000000000.dropout.1", "notes.txt"}
	for _, name := range append(names, ahead) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	made := []string{ahead}
	for range 3 {
		f, err := create(dir)
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, filepath.Base(f.Name()))
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if sorted := slices.Sorted(slices.Values(made)); !slices.Equal(made, sorted) {
		t.Errorf("want each file after those before it, got %q", made)
	}
	if at, err := newest(dir); err != nil || time.Until(at) > 49*time.Hour {
		t.Errorf("want the newest of ours, got %v, %v", at, err)
	}
}
