package onnx_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/gorgonia-dropout/dropout/onnx"
)

// FuzzImport expects no panic and no large memory from a file, whatever it is,
// and that what is imported has a graph or an error.
func FuzzImport(f *testing.F) {
	files, err := filepath.Glob("testdata/*.onnx")
	if err != nil || len(files) == 0 {
		f.Fatal("there must be files", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, n := range networks {
		f.Add(export(f, n.model(f), onnx.Options{}))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := onnx.Import(bytes.NewReader(data))
		if err != nil {
			return
		}
		if m, err := n.Model(); err == nil && len(m.OutputShape()) > 8 {
			t.Errorf("output has shape %v", m.OutputShape())
		}
	})
}
