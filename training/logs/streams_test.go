package logs_test

import (
	"encoding/binary"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/gorgonia-dropout/dropout/training/logs"
)

// A pipe has no size by which a header could be known to be there: it gets one for each
// run.
func TestCSVIntoAPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	run(t, nil, 0, logs.CSV(w))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(strings.TrimSpace(string(text)), "\n"); len(lines) != 4 || strings.Count(string(text), "epoch") != 1 {
		t.Errorf("a header and 3 rows must be written, got\n%s", text)
	}
}

// Events have the time at which they were written, in seconds since 1970.
func TestTensorBoardTime(t *testing.T) {
	dir := t.TempDir()
	before := time.Now()
	run(t, nil, 0, logs.TensorBoard(dir, 1))
	after := time.Now()
	files, err := filepath.Glob(filepath.Join(dir, "*tfevents*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("there must be one file, got %v, %v", files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	times := 0
	for len(data) > 0 {
		n := binary.LittleEndian.Uint64(data)
		fields(t, data[12:12+n], func(number protowire.Number, _ []byte, bits uint64) {
			if number != 1 {
				return
			}
			times++
			at := time.UnixMicro(int64(1e6 * math.Float64frombits(bits)))
			if at.Before(before.Add(-time.Second)) || at.After(after.Add(time.Second)) {
				t.Errorf("an event written from %v to %v must have such a time, got %v", before, after, at)
			}
		})
		data = data[16+n:]
	}
	if times == 0 {
		t.Error("events must have times, got none")
	}
}
