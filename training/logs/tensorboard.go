package logs

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/pkg/errors"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/gorgonia-dropout/dropout/internal/fulldisk"
	"github.com/gorgonia-dropout/dropout/training"
)

// TensorBoard returns a callback that writes an event file for TensorBoard to
// the directory dir, which it creates: the scalars of each epoch at its step
// and, at each multiple of every steps, the L2 norm of each parameter's
// gradient (0: never).
//
// Each run has its own file. That of a resumed run begins with a record that
// makes TensorBoard forget the steps that were made before the interruption and
// are repeated.
//
// The file holds TFRecords of Event messages, as TensorFlow's tensorflow/core/util
// event.proto and summary.proto define them. Options add the tabs Histograms,
// HParams and Graphs.
func TensorBoard(dir string, every int64, opts ...BoardOption) training.Callback {
	var b board
	return training.Callback{
		OnStart: func(r *training.Run) (err error) {
			b = board{}
			for _, opt := range opts {
				opt(&b)
			}
			if err := os.MkdirAll(dir, 0o777); err != nil {
				return errors.Wrap(err, "logs: TensorBoard")
			}
			if b.f, err = create(dir); err != nil {
				return errors.Wrap(err, "logs: TensorBoard")
			}
			b.w = fulldisk.Writer(filepath.Join(dir, boardFile), b.f)
			return errors.Wrap(b.begin(r), "logs: TensorBoard")
		},
		OnGradients: func(r *training.Run) error {
			if err := b.start(r); err != nil {
				return err
			}
			if every <= 0 || r.Steps%every != 0 {
				return nil
			}
			norms := make(map[string]float64)
			for _, g := range r.Gradients() {
				norms["gradient_norm/"+g.Name] = g.Norm()
			}
			return b.write(r.Steps, norms)
		},
		OnEpoch: func(r *training.Run) error {
			e := r.History.Epochs[len(r.History.Epochs)-1]
			if err := b.write(e.Step, scalars(e)); err != nil {
				return err
			}
			return errors.Wrap(b.epoch(r, e), "logs: TensorBoard")
		},
		OnEnd: func(r *training.Run) error {
			err := b.end(r)
			if closing := b.f.Close(); err == nil {
				err = closing
			}
			return errors.Wrap(err, "logs: TensorBoard")
		},
	}
}

// A board writes the event file of a run.
type board struct {
	f       *os.File
	w       io.Writer // to f
	started bool      // the first step has been made

	histograms, graph bool
	settings          map[string]any
	described         bool // the experiment's settings and metrics are written
}

// create creates the event file of a run. TensorBoard reads files whose name
// contains "tfevents", in the order of their names, that is, by time. The name
// must be new, or another run's file would be overwritten, and come after the others,
// even if these are of a machine whose clock is fast or the clock has been set back.
func create(dir string) (*os.File, error) {
	if err := fulldisk.Fails(fulldisk.Create, filepath.Join(dir, boardFile)); err != nil {
		return nil, err
	}
	for {
		t := time.Now()
		last, err := newest(dir)
		if err != nil {
			return nil, err
		}
		if !t.After(last) {
			t = last.Add(1)
		}
		f, err := os.OpenFile(filepath.Join(dir, boardName(t)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}

// boardFile is what the names of event files begin with.
const boardFile = "events.out.tfevents"

func boardName(t time.Time) string {
	return fmt.Sprintf(boardFile+".%010d.dropout.%09d", t.Unix(), t.Nanosecond())
}

// newest returns the time in the name of a directory's last event file.
func newest(dir string) (last time.Time, err error) {
	files, err := os.ReadDir(dir)
	for _, f := range files {
		var s, ns int64
		if _, err := fmt.Sscanf(f.Name(), boardFile+".%d.dropout.%d", &s, &ns); err != nil || s >= 1e10-1 {
			continue // not one of ours, whose names sort by time
		}
		if t := time.Unix(s, ns); boardName(t) == f.Name() && t.After(last) {
			last = t
		}
	}
	return last, err
}

// start handles the first step of r, which may be a resumed run.
func (b *board) start(r *training.Run) error {
	if b.started {
		return nil
	}
	b.started = true
	if r.Steps == 0 {
		return nil
	}
	if err := writeRecord(b.w, startEvent(now(), r.Steps)); err != nil {
		return errors.Wrap(err, "logs: TensorBoard")
	}
	// TensorBoard has dropped what was recorded at this very step, including
	// the epoch that ended with it.
	if n := len(r.History.Epochs); n > 0 && r.History.Epochs[n-1].Step == r.Steps {
		return b.write(r.Steps, scalars(r.History.Epochs[n-1]))
	}
	return nil
}

func (b *board) write(step int64, values map[string]float64) error {
	for _, tag := range slices.Sorted(maps.Keys(values)) {
		if err := writeRecord(b.w, scalarEvent(now(), step, tag, values[tag])); err != nil {
			return errors.Wrap(err, "logs: TensorBoard")
		}
	}
	return nil
}

func now() float64 { return float64(time.Now().UnixNano()) / 1e9 }

// Field numbers of Event, SessionLog, Summary and Summary.Value.
const (
	eventWallTime    = 1
	eventStep        = 2
	eventFileVersion = 3
	eventSummary     = 5
	eventSessionLog  = 7
	sessionStatus    = 1
	sessionStart     = 1 // the status START
	summaryValue     = 1
	valueTag         = 1
	valueSimple      = 2
)

func versionEvent(wall float64) []byte {
	b := protowire.AppendTag(nil, eventWallTime, protowire.Fixed64Type)
	b = protowire.AppendFixed64(b, math.Float64bits(wall))
	b = protowire.AppendTag(b, eventFileVersion, protowire.BytesType)
	return protowire.AppendString(b, "brain.Event:2")
}

// startEvent says that a run resumes at step: what was recorded before about
// that and later steps does not count.
func startEvent(wall float64, step int64) []byte {
	session := protowire.AppendTag(nil, sessionStatus, protowire.VarintType)
	session = protowire.AppendVarint(session, sessionStart)
	b := eventAt(wall, step)
	b = protowire.AppendTag(b, eventSessionLog, protowire.BytesType)
	return protowire.AppendBytes(b, session)
}

// eventAt returns an event without content.
func eventAt(wall float64, step int64) []byte {
	b := protowire.AppendTag(nil, eventWallTime, protowire.Fixed64Type)
	b = protowire.AppendFixed64(b, math.Float64bits(wall))
	b = protowire.AppendTag(b, eventStep, protowire.VarintType)
	return protowire.AppendVarint(b, uint64(step))
}

func scalarEvent(wall float64, step int64, tag string, x float64) []byte {
	value := protowire.AppendTag(nil, valueTag, protowire.BytesType)
	value = protowire.AppendString(value, tag)
	value = protowire.AppendTag(value, valueSimple, protowire.Fixed32Type)
	value = protowire.AppendFixed32(value, math.Float32bits(float32(x)))
	summary := protowire.AppendTag(nil, summaryValue, protowire.BytesType)
	summary = protowire.AppendBytes(summary, value)
	b := eventAt(wall, step)
	b = protowire.AppendTag(b, eventSummary, protowire.BytesType)
	return protowire.AppendBytes(b, summary)
}

// writeRecord writes a TFRecord: the length and the data, each with its checksum.
func writeRecord(w io.Writer, data []byte) error {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	b = binary.LittleEndian.AppendUint32(b, checksum(b))
	b = append(b, data...)
	b = binary.LittleEndian.AppendUint32(b, checksum(data))
	_, err := w.Write(b)
	return err
}

// checksum is the masked CRC-32C of TFRecords.
func checksum(data []byte) uint32 {
	c := crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
	return (c>>15 | c<<17) + 0xa282ead8
}
