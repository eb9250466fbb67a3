// Package pytorch lets tests compare with PyTorch if it is installed.
package pytorch

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
)

// Run runs a Python script with input as JSON on its standard input and decodes
// the JSON that it prints into answer. It skips the test if there is no
// PyTorch.
func Run(t testing.TB, script string, input, answer any) {
	t.Helper()
	python := interpreter()
	if python == "" {
		t.Skip("PyTorch is not installed (Debian: python3-torch)")
	}
	in, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, script)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	if err := json.Unmarshal(out, answer); err != nil {
		t.Fatalf("%s: %v", script, err)
	}
}

// interpreter returns a Python that has PyTorch, or "". Debian's package
// belongs to Debian's own Python, whatever comes first on the path.
func interpreter() string {
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		find := "import importlib.util as u, sys; sys.exit(u.find_spec('torch') is None)"
		if exec.Command(python, "-c", find).Run() == nil {
			return python
		}
	}
	return ""
}
