package main

import (
	_ "embed" // for the template of the program
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/template"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/compare"
	"github.com/gorgonia-dropout/dropout/onnx"
)

// exportCmd writes the model of a run for other programs.
type exportCmd struct {
	Dir runDir `arg:"" type:"existingdir" help:"Directory of a run."`
	To  string `arg:"" type:"path" help:"Directory for the files, which is made."`
}

// The files of an export.
const (
	weightsFile = "model.safetensors"
	programFile = "main.go"
	onnxFile    = "model.onnx"
)

// Run is called by kong.
func (c *exportCmd) Run(to *cmdline.Console) error {
	f, err := c.Dir.final()
	if err != nil {
		return err
	}
	m, net, err := f.Plain()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.To, 0o777); err != nil {
		return err
	}
	formats := []struct {
		name, what string
		write      func(io.Writer) error
	}{
		{weightsFile, "weights, named as in PyTorch's state_dict", func(w io.Writer) error { return m.WriteSafetensors(w) }},
		{aboutFile, "how columns become inputs, the settings, and what to expect", func(w io.Writer) error {
			e := json.NewEncoder(w)
			e.SetIndent("", "  ")
			return e.Encode(f)
		}},
		{onnxFile, "the network for other runtimes, of inputs that are not standardized", func(w io.Writer) error {
			return onnx.Export(w, m, onnxOptions(f))
		}},
		{programFile, "a Go program that loads the weights and predicts", func(w io.Writer) error { return writeProgram(w, f, net) }},
	}
	for _, format := range formats {
		path := filepath.Join(c.To, format.name)
		if err := atomicfile.Write(path, format.write); err != nil {
			return err
		}
		fmt.Fprintf(to.Out, "%s: %s\n", path, format.what)
	}
	return nil
}

// onnxOptions returns what makes the network one of numbers in the units of the
// data.
func onnxOptions(f *compare.Final) onnx.Options {
	o := onnx.Options{Softmax: f.Kind == compare.Classes}
	switch {
	case f.Picture != nil:
		o.Mean, o.Std = f.Picture.Mean, f.Picture.Std
	case f.Encoder != nil:
		o.Mean, o.Std = f.Encoder.Standardization()
		for i, mean := range f.Encoder.TargetMean {
			o.OutputMean, o.OutputStd = append(o.OutputMean, float32(mean)), append(o.OutputStd, float32(f.Encoder.TargetStd[i]))
		}
	}
	return o
}

//go:embed program.go.tmpl
var programSource string

var programTemplate = template.Must(template.New("program").Parse(programSource))

// writeProgram writes a Go program that loads the network, which an expression makes.
func writeProgram(w io.Writer, f *compare.Final, net string) error {
	inputs := "zero is the mean of a standardized number"
	if f.Kind == compare.Text {
		inputs = "the numbers of characters, those of names in model.json"
	}
	return programTemplate.Execute(w, map[string]string{
		"Net": net, "Input": fmt.Sprintf("%#v", f.Input), "Weights": weightsFile, "Inputs": inputs, "Softmax": fmt.Sprint(f.Kind == compare.Classes || f.Kind == compare.Text),
	})
}
