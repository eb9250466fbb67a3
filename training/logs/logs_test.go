package logs_test

import (
	"context"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/gorgonia-dropout/dropout/internal/fulldisk"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/logs"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

func fit(t *testing.T, validate bool, callbacks ...training.Callback) *training.History {
	t.Helper()
	m, err := models.New(models.MLP{Inputs: 2, Hidden: []int{4}, Outputs: 2, HiddenDropout: 0.5}, []int{2})
	if err != nil {
		t.Fatal(err)
	}
	set := &training.Examples{Shape: []int{2}, X: []float32{0, 1, 1, 0, 1, 1, 0, 0}, Y: []int{0, 1, 0, 1}}
	data := training.Data{Train: set}
	tr := &training.Trainer{Model: m, Solver: &optim.SGD{LR: 0.1}, Epochs: 3, BatchSize: 2, Callbacks: callbacks}
	if validate {
		data.Validation, tr.LR = set, schedule.Constant(0.1)
	}
	h, err := tr.Fit(context.Background(), data)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestCSV(t *testing.T) {
	for _, validate := range []bool{true, false} {
		var b strings.Builder
		h := fit(t, validate, logs.CSV(&b))
		rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
		if err != nil || len(rows) != 4 || len(rows[0]) != 9 {
			t.Fatalf("%v\n%s", err, b.String())
		}
		if rows[3][0] != "2" || rows[3][1] != "6" || (rows[3][6] != "") != validate || (rows[3][2] != "") != validate || h.Steps != 6 {
			t.Errorf("last row is %v", rows[3])
		}
	}
}

func TestJSONLines(t *testing.T) {
	var b strings.Builder
	h := fit(t, true, logs.JSONLines(&b))
	d := json.NewDecoder(strings.NewReader(b.String()))
	for i := range 3 {
		var e training.Epoch
		if err := d.Decode(&e); err != nil || e.Loss != h.Epochs[i].Loss || !reflect.DeepEqual(*e.Validation, *h.Epochs[i].Validation) {
			t.Errorf("line %d is %+v, %v, want %+v", i, e, err, h.Epochs[i])
		}
	}
}

// A disk that fills up ends the run with an error, and the history so far.
func TestFullDisk(t *testing.T) {
	for name, log := range map[string]func(io.Writer) training.Callback{"logs: CSV": logs.CSV, "logs: JSONLines": logs.JSONLines} {
		var whole strings.Builder
		fit(t, true, log(&whole))
		m, err := models.New(models.MLP{Inputs: 2, Outputs: 2}, []int{2})
		if err != nil {
			t.Fatal(err)
		}
		set := &training.Examples{Shape: []int{2}, X: []float32{0, 1, 1, 0}, Y: []int{0, 1}}
		tr := &training.Trainer{Model: m, Solver: &optim.SGD{LR: 0.1}, Epochs: 50, Callbacks: []training.Callback{log(&fulldisk.Disk{Room: whole.Len()})}}
		h, err := tr.Fit(context.Background(), training.Data{Train: set, Validation: set})
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), name) || len(h.Epochs) == 0 || len(h.Epochs) == 50 {
			t.Errorf("%s: got %v after %d epochs", name, err, len(h.Epochs))
		}
	}
}

type event struct {
	Step  int64
	Tag   string
	Value float32
	Start bool // of a session, which has no tag
}

// read parses an event file by the definition of TFRecord and of the messages;
// the checksums are computed by another program, in testdata/crc.py.
func read(t *testing.T, data []byte) (version string, events []event) {
	t.Helper()
	for len(data) > 0 {
		n := binary.LittleEndian.Uint64(data)
		record := data[12 : 12+n]
		data = data[16+n:]
		var e event
		fields(t, record, func(number protowire.Number, value []byte, bits uint64) {
			switch number {
			case 2:
				e.Step = int64(bits)
			case 3:
				version = string(value)
			case 7:
				fields(t, value, func(number protowire.Number, _ []byte, bits uint64) { e.Start = number == 1 && bits == 1 })
			case 5:
				fields(t, value, func(_ protowire.Number, value []byte, _ uint64) {
					fields(t, value, func(number protowire.Number, value []byte, bits uint64) {
						if number == 1 {
							e.Tag = string(value)
						} else {
							e.Value = math.Float32frombits(uint32(bits))
						}
					})
				})
			}
		})
		if e.Tag != "" || e.Start {
			events = append(events, e)
		}
	}
	return version, events
}

func fields(t *testing.T, b []byte, f func(number protowire.Number, value []byte, bits uint64)) {
	t.Helper()
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		b = b[max(n, 0):]
		var value []byte
		var bits uint64
		switch kind {
		case protowire.VarintType:
			bits, n = protowire.ConsumeVarint(b)
		case protowire.Fixed64Type:
			bits, n = protowire.ConsumeFixed64(b)
		case protowire.Fixed32Type:
			var short uint32
			short, n = protowire.ConsumeFixed32(b)
			bits = uint64(short)
		case protowire.BytesType:
			value, n = protowire.ConsumeBytes(b)
		}
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		f(number, value, bits)
		b = b[n:]
	}
}

func TestTensorBoard(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "events")
	h := fit(t, true, logs.TensorBoard(dir, 2))
	files, err := filepath.Glob(filepath.Join(dir, "events.out.tfevents.*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("want one event file, got %v, %v", files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	version, events := read(t, data)
	if version != "brain.Event:2" {
		t.Errorf("version is %q", version)
	}
	values := make(map[event]bool)
	norms := 0
	for _, e := range events {
		values[e] = true
		if strings.HasPrefix(e.Tag, "gradient_norm/") {
			norms++
		}
	}
	for _, e := range h.Epochs {
		for _, want := range []event{
			{Step: e.Step, Tag: "loss/train", Value: float32(e.Loss)}, {Step: e.Step, Tag: "error/validation", Value: float32(e.Validation.Error())},
			{Step: e.Step, Tag: "learning_rate", Value: 0.1},
		} {
			if !values[want] {
				t.Errorf("event %+v is missing", want)
			}
		}
	}
	if norms != 3*4 {
		t.Errorf("%d norms, want those of 4 parameters at steps 0, 2 and 4", norms)
	}

	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("Python is not installed: the checksums are not checked by another program")
	}
	if out, err := exec.Command(python, "testdata/crc.py", files[0]).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestTensorBoardErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := logs.TensorBoard(filepath.Join(file, "dir"), 0).OnStart(nil); err == nil || !strings.HasPrefix(err.Error(), "logs: TensorBoard: ") {
		t.Errorf("want an error, got %v", err)
	}
}
