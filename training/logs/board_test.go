package logs_test

import (
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/gorgonia-dropout/dropout/training/logs"
)

// schema returns the messages of TensorBoard. The file is the compiled form of
// its own event.proto, graph.proto and plugins/hparams/plugin_data.proto (Apache
// License 2.0), with all that they import, as protoc --include_imports writes it.
func schema(t *testing.T) func(name string) protoreflect.MessageDescriptor {
	t.Helper()
	data, err := os.ReadFile("testdata/tensorboard.binpb")
	if err != nil {
		t.Fatal(err)
	}
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(data, &set); err != nil {
		t.Fatal(err)
	}
	files, err := protodesc.NewFiles(&set)
	if err != nil {
		t.Fatal(err)
	}
	return func(name string) protoreflect.MessageDescriptor {
		d, err := files.FindDescriptorByName(protoreflect.FullName("tensorboard." + name))
		if err != nil {
			t.Fatal(err)
		}
		return d.(protoreflect.MessageDescriptor)
	}
}

// A message is one of TensorBoard's, read by its own schema.
type message struct{ protoreflect.Message }

func decode(t *testing.T, d protoreflect.MessageDescriptor, data []byte) message {
	t.Helper()
	m := dynamicpb.NewMessage(d)
	if err := proto.Unmarshal(data, m); err != nil {
		t.Fatal(err)
	}
	if len(m.GetUnknown()) > 0 {
		t.Fatalf("%s must have known fields only", d.FullName())
	}
	return message{m}
}

// get returns the value at a path of fields.
func (m message) get(path string) protoreflect.Value {
	var v protoreflect.Value
	for i, field := range strings.Split(path, ".") {
		if i > 0 {
			m = message{v.Message()}
		}
		v = m.Get(m.Descriptor().Fields().ByName(protoreflect.Name(field)))
	}
	return v
}

// events returns the events of the only file in dir.
func events(t *testing.T, dir string, event protoreflect.MessageDescriptor) []message {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*tfevents*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("there must be one file, got %v, %v", files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	var all []message
	for len(data) > 0 {
		n := binary.LittleEndian.Uint64(data)
		if c := crc32.Checksum(data[12:12+n], crc32.MakeTable(crc32.Castagnoli)); (c>>15|c<<17)+0xa282ead8 != binary.LittleEndian.Uint32(data[12+n:]) {
			t.Fatal("a record must have its checksum")
		}
		all = append(all, decode(t, event, data[12:12+n]))
		data = data[16+n:]
	}
	return all
}

// TestTensorBoardOptions reads a file by TensorBoard's own schema.
func TestTensorBoardOptions(t *testing.T) {
	find := schema(t)
	dir := t.TempDir()
	fit(t, true, logs.TensorBoard(dir, 1, logs.WithHistograms(), logs.WithGraph(),
		logs.WithSettings(map[string]any{"p": 0.5, "units": 4, "seed": uint64(3), "norm": false, "net": "mlp", "sizes": []int{4}, "lr": float32(0.25)})))

	histograms, ops := 0, []string{}
	tags := make(map[string]message)
	for _, e := range events(t, dir, find("Event")) {
		if graph := e.get("graph_def").Bytes(); len(graph) > 0 {
			nodes := decode(t, find("GraphDef"), graph).get("node").List()
			names := make(map[string]bool)
			for i := range nodes.Len() {
				n := message{nodes.Get(i).Message()}
				names[n.get("name").String()] = true
				if op := n.get("op").String(); strings.Contains(op, "0x") {
					t.Errorf("ops must be the same in each run, got %s", op)
				}
				ops = append(ops, n.get("op").String())
			}
			for i := range nodes.Len() {
				in := message{nodes.Get(i).Message()}.get("input").List()
				for k := range in.Len() {
					if !names[in.Get(k).String()] {
						t.Errorf("input %s must be a node", in.Get(k))
					}
				}
			}
		}
		values := e.get("summary.value").List()
		for i := range values.Len() {
			v := message{values.Get(i).Message()}
			tag := v.get("tag").String()
			tags[tag] = v
			if strings.HasPrefix(tag, "parameters/") {
				histograms++
				h := message{v.get("histo").Message()}
				limits, counts := h.get("bucket_limit").List(), h.get("bucket").List()
				sum := 0.0
				for k := range counts.Len() {
					sum += counts.Get(k).Float()
				}
				if limits.Len() != counts.Len() || sum != h.get("num").Float() || h.get("max").Float() != limits.Get(limits.Len()-1).Float() || h.get("min").Float() > h.get("max").Float() {
					t.Errorf("%s is no histogram: %v", tag, h)
				}
			}
		}
	}
	if histograms != 3*4 {
		t.Errorf("want a histogram of 4 parameters after each of 3 epochs, got %d", histograms)
	}
	if !slices.Contains(ops, "Input") || !slices.Contains(ops, "Parameter") || !slices.Contains(ops, "DenseDropout") {
		t.Errorf("the graph must have the input, parameters and dropout, got %v", ops)
	}

	plugin := func(tag string) message {
		data := message{tags[tag].get("metadata.plugin_data").Message()}
		if name := data.get("plugin_name").String(); name != "hparams" {
			t.Fatalf("%s must be of hparams, got %q", tag, name)
		}
		return decode(t, find("hparams.HParamsPluginData"), data.get("content").Bytes())
	}
	got := plugin("_hparams_/session_start_info").get("session_start_info.hparams").Map()
	for name, want := range map[string]any{"p": 0.5, "units": 4.0, "seed": 3.0, "norm": false, "net": "mlp", "sizes": "[4]", "lr": 0.25} {
		v := got.Get(protoreflect.ValueOfString(name).MapKey())
		m := v.Message()
		which := m.WhichOneof(m.Descriptor().Oneofs().Get(0))
		if m.Get(which).Interface() != want {
			t.Errorf("%s must be %v, got %v", name, want, m.Get(which))
		}
	}
	experiment := plugin("_hparams_/experiment").get("experiment")
	if n := (message{experiment.Message()}).get("hparam_infos").List().Len(); n != 7 {
		t.Errorf("want 7 settings, got %d", n)
	}
	metrics := message{experiment.Message()}.get("metric_infos").List()
	found := false
	for i := range metrics.Len() {
		found = found || message{metrics.Get(i).Message()}.get("name.tag").String() == "error/validation"
	}
	if !found {
		t.Error("the metrics must have the validation error")
	}
	if status := plugin("_hparams_/session_end_info").get("session_end_info.status").Enum(); status != 1 {
		t.Errorf("want success, got %d", status)
	}
}
