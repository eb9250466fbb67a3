// Package onnxruntime lets tests run ONNX files by onnxruntime under Node.js, if
// both are installed:
//
//	npm install --ignore-scripts --prefix DIR onnxruntime-node@1.30.0
//	ONNXRUNTIME_MODULES=DIR/node_modules go test ./onnx
package onnxruntime

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// Variable is the environment variable with the node_modules that has
// onnxruntime-node.
const Variable = "ONNXRUNTIME_MODULES"

//go:embed run.js
var script []byte

// A Tensor is an input or output of float32 in row-major order.
type Tensor struct {
	Dims []int     `json:"dims"`
	Data []float32 `json:"data"`
}

// A Network is an ONNX file with inputs to run it with, one after the other.
type Network struct {
	File   []byte
	Inputs []Tensor
}

// Run returns the first outputs of each network for each of its inputs. It skips
// the test, with the reason, if Node.js or onnxruntime-node is missing.
func Run(t testing.TB, networks ...Network) [][]Tensor {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("Node.js is not installed (Debian: nodejs)")
	}
	modules := os.Getenv(Variable)
	if _, err := os.Stat(filepath.Join(modules, "onnxruntime-node")); modules == "" || err != nil {
		t.Skipf("%s must be a node_modules with onnxruntime-node, got %q; .ci/run installs it", Variable, modules)
	}
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	type job struct {
		File   string   `json:"file"`
		Inputs []Tensor `json:"inputs"`
	}
	var jobs []job
	for i, n := range networks {
		jobs = append(jobs, job{write(strconv.Itoa(i)+".onnx", n.File), n.Inputs})
	}
	in, err := json.Marshal(jobs)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, write("run.js", script))
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("onnxruntime: %v: %s", err, stderr.Bytes())
	}
	var outputs [][]Tensor
	if err := json.Unmarshal(out, &outputs); err != nil {
		t.Fatal(err)
	}
	return outputs
}
