package draw_test

import (
	"math"
	"slices"
	"testing"
	"unsafe"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/cuda/kernels"
	"github.com/gorgonia-dropout/dropout/internal/cuda/remote"
	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/launch"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// settings are what a list copies to a device, and the step of the run.
type settings struct {
	host []byte
	list *launch.List
	step int64
}

func newSettings() *settings {
	s := &settings{host: make([]byte, launch.SettingsSize)}
	s.list = launch.NewList(0, s.host, nil)
	return s
}

// memory is that of the step's node.
func (s *settings) memory() launch.Memory { return launch.Memory{Step: func() int64 { return s.step }} }

// settingsAt returns what a device finds at a pointer in the run of a step.
func settingsAt[T any](t *testing.T, s *settings, at remote.Pointer, step int64) T {
	t.Helper()
	s.step = step
	if err := s.list.Fill(); err != nil {
		t.Fatal(err)
	}
	return *(*T)(unsafe.Pointer(&s.host[at]))
}

// What a device is told of a mask or of noise before a run is the stream of the step and
// its rate, and what changes nothing where there is no dropout.
func TestLaunch(t *testing.T) {
	m, s := newMask(t, input(), draw.WithRate(schedule.Linear{To: 1, End: 4})), newSettings()
	bits, inner, err := m.Launch(s.list, s.memory(), tensor.Shape{2, 3})
	if err != nil || inner != 1 {
		t.Fatalf("got %d, %v", inner, err)
	}
	noise, inner, err := m.LaunchNoise(s.list, s.memory(), tensor.Shape{2, 3}, math.Sqrt)
	if err != nil || inner != 1 {
		t.Fatalf("got %d, %v", inner, err)
	}
	for step, p := range []float64{0, 0.25, 0.5} {
		stream := m.Stream(int64(step))
		threshold := drop.Threshold(p)
		want := kernels.Mask{Seed: stream.Seed, Step: stream.Step, Layer: stream.Layer, Threshold: threshold, Scale: float32(drop.Scale(threshold))}
		if got := settingsAt[kernels.Mask](t, s, bits, int64(step)); got != want {
			t.Errorf("step %d: got %+v, want %+v", step, got, want)
		}
		wantNoise := kernels.Noise{Seed: stream.Seed, Step: stream.Step, Layer: stream.Layer, Sigma: math.Sqrt(p)}
		if got := settingsAt[kernels.Noise](t, s, noise, int64(step)); got != wantNoise {
			t.Errorf("step %d: got %+v, want %+v", step, got, wantNoise)
		}
	}
	// A step below 0 is inference.
	if got := settingsAt[kernels.Mask](t, s, bits, -1); got != (kernels.Mask{Scale: 1}) {
		t.Errorf("inference: got %+v", got)
	}
	if got := settingsAt[kernels.Noise](t, s, noise, -1); got != (kernels.Noise{}) {
		t.Errorf("inference: got %+v", got)
	}
}

// Neighbours share an element of the mask where its last axes are shared; other masks, and
// rates that a node holds, are refused.
func TestLaunchShared(t *testing.T) {
	x := gorgonia.NewTensor(gorgonia.NewGraph(), tensor.Float32, 4, gorgonia.WithShape(2, 3, 4, 5), gorgonia.WithName("x"))
	for _, tt := range []struct {
		shares []int
		inner  int
		err    string
	}{
		{nil, 1, ""},
		{[]int{2, 3}, 20, ""},
		{[]int{3}, 5, ""},
		{[]int{0, 1, 2, 3}, 120, ""},
		{[]int{0}, 0, "mask must be shared over the last axes on a device, got one over others"},
		{[]int{1, 3}, 0, "mask must be shared over the last axes on a device, got one over others"},
	} {
		m, err := collect().Mask(x, 0.25, draw.CheckRate, func(axis int) bool { return slices.Contains(tt.shares, axis) })
		if err != nil {
			t.Fatal(err)
		}
		s := newSettings()
		_, inner, err := m.Launch(s.list, s.memory(), x.Shape())
		if tt.err != "" {
			testkit.Rejects(t, err, tt.err)
			continue
		}
		if inner != tt.inner || err != nil {
			t.Errorf("shared over %v: want %d neighbours, got %d, %v", tt.shares, tt.inner, inner, err)
		}
	}
	x = input()
	node := gorgonia.NewScalar(x.Graph(), tensor.Float32, gorgonia.WithName("rate"))
	s := newSettings()
	_, _, err := newMask(t, x, draw.WithRateNode(node)).LaunchNoise(s.list, s.memory(), x.Shape(), math.Sqrt)
	testkit.Rejects(t, err, "rate must be a number on a device, got a node")
}
