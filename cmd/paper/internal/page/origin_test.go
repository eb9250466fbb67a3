package page

import (
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/processor"
)

// The command is that of any reader, without the writer's directories.
func TestOrigin(t *testing.T) {
	var b strings.Builder
	WriteOrigin(&b, strings.Fields("table2 --out x --tune --records=y --data z --seeds 3"), "BLAS: some")
	for _, want := range []string{"    go run ./cmd/paper table2 --tune --seeds 3\n", processor.Name(), "BLAS: some"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("want %q, got\n%s", want, b.String())
		}
	}
}

// Machines are counted, those that were not noted too, unless none was.
func TestMachines(t *testing.T) {
	for _, tt := range []struct {
		machines []string
		want     string
	}{
		{nil, ""},
		{[]string{"", ""}, ""},
		{[]string{"a", "b", "b"}, "Networks trained on: b (2); a (1).\n\n"},
		{[]string{"b", "", "a", ""}, "Networks trained on: a (1); b (1); others before it was noted (2).\n\n"},
	} {
		var b strings.Builder
		if WriteMachines(&b, tt.machines); b.String() != tt.want {
			t.Errorf("%q: got %q, want %q", tt.machines, b.String(), tt.want)
		}
	}
}
