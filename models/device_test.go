package models_test

import (
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/blas"
	"github.com/gorgonia-dropout/dropout/internal/cuda/cudatest"
	"github.com/gorgonia-dropout/dropout/models"
)

// logitsOn returns what a model computes on a device for one batch.
func logitsOn(t *testing.T, m *models.Model, device string) ([]float64, *models.Program) {
	t.Helper()
	p, err := m.Compile(models.Sample, 5, models.OnDevice(device))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	for i := range p.Inputs() {
		p.Inputs()[i] = float32(i%7) - 3
	}
	p.Graph().SetStep(4)
	if err := p.Run(nil); err != nil {
		t.Fatal(err)
	}
	all := make([]float64, 5*3)
	if err := p.Row(0, all); err != nil {
		t.Fatal(err)
	}
	return all, p
}

// Predictions on a device must have the bits of the processor, also after weights change.
func TestProgramOnDevice(t *testing.T) {
	cudatest.Library(t)
	before := tensor.WhichBLAS()
	gorgonia.Use(blas.Find()) // as a Trainer does: Gonum's products round otherwise
	t.Cleanup(func() { gorgonia.Use(before) })
	m, err := models.New(models.MLP{Inputs: 8, Hidden: []int{33}, Outputs: 3, InputDropout: 0.2, HiddenDropout: 0.5}, []int{8})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		want, _ := logitsOn(t, m, models.CPU)
		got, p := logitsOn(t, m, models.Auto)
		if name, why := p.Device(); name != "cuda:0" || why != nil {
			t.Errorf("the program is on %s (%v), want cuda:0", name, why)
		}
		for i := range want {
			if math.Float64bits(got[i]) != math.Float64bits(want[i]) {
				t.Errorf("logit %d is %v, want %v", i, got[i], want[i])
			}
		}
		err := m.Update(func() error {
			m.Params()[0].Value().Float32s()[1] += 0.5
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := m.Compile(models.Eval, 1, models.OnDevice("cuda:1")); err == nil {
		t.Error("a model is on two devices")
	}
}

// Where a device cannot run a graph, only Auto falls back.
func TestDeviceFallsBackOnlyIfAsked(t *testing.T) {
	cudatest.Library(t)
	wide, err := models.New(models.Linear(8, 3), []int{8}, models.WithDtype(tensor.Float64))
	if err != nil {
		t.Fatal(err)
	}
	gelu, err := models.New(models.Sequential{models.Linear(8, 3), models.GELU()}, []int{8})
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []struct {
		model *models.Model
		want  string
	}{{wide, "model must be of float32 on cuda:0, got float64"}, {gelu, "GELU must have a kernel for devices, got none"}} {
		if _, err := of.model.Compile(models.Eval, 1, models.OnDevice("cuda:0")); err == nil || !strings.Contains(err.Error(), of.want) {
			t.Errorf("the error is %v, want one with %q", err, of.want)
		}
		_, p := logitsOn(t, of.model, models.Auto)
		if name, why := p.Device(); name != models.CPU || why == nil || !strings.Contains(why.Error(), of.want) {
			t.Errorf("the program is on %s (%v), want cpu because of %q", name, why, of.want)
		}
	}
}
