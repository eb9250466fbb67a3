package checkpoint

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/tensorfile"
)

// The records of a checkpoint are read strictly: what is unknown, missing or twice is
// an error that names it.
func TestRecordsAreReadStrictly(t *testing.T) {
	_, _, file := smallRun(t, t.TempDir())
	tensors, metadata, err := tensorfile.Read(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ record, old, new, want string }{
		{"state", `{"epoch":`, `{"epcoh":1,"epoch":`, `unknown key "epcoh", did you mean "epoch"?`},
		{"state", `"batch_size":`, `"batch_sise":`, `setup: key "batch_size" must be there, got none`},
		{"state", `"steps":4`, `"steps":4.5`, "steps: must be a whole number in digits, got 4.5"},
		{"state", `"steps":4`, `"steps":4,"steps":5`, `"steps"`},
		{"state", `"patience":`, `"patiense":`, ""}, // a callback's own: it reads it
		{"solver", `"step":`, `"Step":`, `key "step" must be there, got none`},
		{"solver", `{"step":`, `{"more":0,"step":`, `unknown key "more"`},
	} {
		t.Run(tt.record+" "+tt.new, func(t *testing.T) {
			changed := maps.Clone(metadata)
			changed[tt.record] = strings.Replace(metadata[tt.record], tt.old, tt.new, 1)
			if changed[tt.record] == metadata[tt.record] {
				t.Fatalf("%s has no %s: %s", tt.record, tt.old, metadata[tt.record])
			}
			var b bytes.Buffer
			if err := tensorfile.Write(&b, tensors, changed); err != nil {
				t.Fatal(err)
			}
			switch _, err := decode(&b); {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.record+":") || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("want an error of %s with %q, got %v", tt.record, tt.want, err)
			}
		})
	}
}

// A device or pipe in place of a file is an error, not waited for.
func TestRegularFiles(t *testing.T) {
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Skip("no device here")
	}
	dir := t.TempDir()
	if err := os.Symlink(os.DevNull, filepath.Join(dir, ConfigFile)); err != nil {
		t.Skip(err)
	}
	_, loading := Load(os.DevNull)
	var config map[string]any
	for _, err := range []error{loading, LoadConfig(dir, &config)} {
		if err == nil || !strings.HasSuffix(err.Error(), "must be a regular file, got a device") {
			t.Errorf("got %v", err)
		}
	}
}
