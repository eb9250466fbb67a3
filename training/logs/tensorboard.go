package logs

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/pkg/errors"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/gorgonia-dropout/dropout/training"
)

// TensorBoard returns a callback that writes an event file for TensorBoard to a
// directory, which it makes: the scalars of each epoch at its step, and every
// some steps the L2 norm of each parameter's gradient (0: never).
//
// The file holds TFRecords of Event messages, as TensorFlow's tensorflow/core/util
// event.proto and summary.proto define them.
func TensorBoard(dir string, every int64) training.Callback {
	var f *os.File
	write := func(step int64, values map[string]float64) error {
		for _, tag := range slices.Sorted(maps.Keys(values)) {
			if err := writeRecord(f, scalarEvent(now(), step, tag, values[tag])); err != nil {
				return errors.Wrap(err, "logs: TensorBoard")
			}
		}
		return nil
	}
	return training.Callback{
		OnStart: func(*training.Run) (err error) {
			if err := os.MkdirAll(dir, 0o777); err != nil {
				return errors.Wrap(err, "logs: TensorBoard")
			}
			// TensorBoard takes files whose name has "tfevents" in it, in the order
			// of the times in their names.
			name := fmt.Sprintf("events.out.tfevents.%010d.dropout", time.Now().Unix())
			if f, err = os.Create(filepath.Join(dir, name)); err != nil {
				return errors.Wrap(err, "logs: TensorBoard")
			}
			return errors.Wrap(writeRecord(f, versionEvent(now())), "logs: TensorBoard")
		},
		OnGradients: func(r *training.Run) error {
			if every <= 0 || r.Steps%every != 0 {
				return nil
			}
			norms := make(map[string]float64)
			for _, g := range r.Gradients() {
				norms["gradient_norm/"+g.Name] = g.Norm()
			}
			return write(r.Steps, norms)
		},
		OnEpoch: func(r *training.Run) error {
			e := r.History.Epochs[len(r.History.Epochs)-1]
			return write(e.Step, scalars(e))
		},
		OnEnd: func(*training.Run) error { return errors.Wrap(f.Close(), "logs: TensorBoard") },
	}
}

func now() float64 { return float64(time.Now().UnixNano()) / 1e9 }

// Field numbers of Event, Summary and Summary.Value.
const (
	eventWallTime    = 1
	eventStep        = 2
	eventFileVersion = 3
	eventSummary     = 5
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

func scalarEvent(wall float64, step int64, tag string, x float64) []byte {
	value := protowire.AppendTag(nil, valueTag, protowire.BytesType)
	value = protowire.AppendString(value, tag)
	value = protowire.AppendTag(value, valueSimple, protowire.Fixed32Type)
	value = protowire.AppendFixed32(value, math.Float32bits(float32(x)))
	summary := protowire.AppendTag(nil, summaryValue, protowire.BytesType)
	summary = protowire.AppendBytes(summary, value)
	b := protowire.AppendTag(nil, eventWallTime, protowire.Fixed64Type)
	b = protowire.AppendFixed64(b, math.Float64bits(wall))
	b = protowire.AppendTag(b, eventStep, protowire.VarintType)
	b = protowire.AppendVarint(b, uint64(step))
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
