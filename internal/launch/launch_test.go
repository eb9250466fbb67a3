package launch_test

import (
	"testing"
	"unsafe"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/cuda/remote"
	"github.com/gorgonia-dropout/dropout/internal/launch"
)

type numbers struct{ a, b int32 }

func TestList(t *testing.T) {
	const settings = 1 << 20
	host := make([]byte, 64)
	l := launch.NewList(settings, host, func(bytes int) (remote.Pointer, error) { return remote.Pointer(bytes), nil })
	if at, err := l.Scratch(48); at != 48 || err != nil {
		t.Errorf("scratch memory is at %d (%v), want what the function gives, 48", at, err)
	}
	run := int32(0)
	var places []remote.Pointer
	for i := range 3 {
		at, err := launch.EachRun(l, func(n *numbers) error {
			*n = numbers{run, int32(i)}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		places = append(places, at-settings)
	}
	launch.Add(l, "kernel", 256, 7, numbers{3, 4})
	if got := l.Launches[0]; got.Kernel != "kernel" || got.Threads != 256 || got.Blocks != 7 || *(*numbers)(got.Args) != (numbers{3, 4}) {
		t.Errorf("the launch is %+v", got)
	}
	for run = 1; run < 3; run++ {
		if err := l.Fill(); err != nil {
			t.Fatal(err)
		}
		for i, at := range places {
			if got := *(*numbers)(unsafe.Pointer(&host[at])); got != (numbers{run, int32(i)}) {
				t.Errorf("run %d: setting %d is %v", run, i, got)
			}
		}
	}
	if l.Used() > len(host) || l.Used() < 40 {
		t.Errorf("%d bytes of settings are used", l.Used())
	}
	if _, err := launch.EachRun(l, func(*[64]byte) error { return nil }); err == nil {
		t.Error("more settings than there is memory for must be an error")
	}
	wrong := errors.New("wrong")
	if _, err := launch.EachRun(l, func(*int32) error { return wrong }); err != nil {
		t.Fatal(err)
	}
	if err := l.Fill(); !errors.Is(err, wrong) {
		t.Errorf("the error is %v, want that of a setting", err)
	}
}

func TestMemory(t *testing.T) {
	m := launch.Memory{Shape: tensor.Shape{2, 3, 4}, Dtype: tensor.Float32}
	scalar := launch.Memory{Dtype: tensor.Float64}
	step := launch.Memory{Step: func() int64 { return 1 }}
	if m.Size() != 24 || scalar.Size() != 1 {
		t.Errorf("sizes are %d and %d, want 24 and 1", m.Size(), scalar.Size())
	}
	if err := launch.Floats(m, step); err != nil {
		t.Error(err)
	}
	if err := launch.Floats(m, scalar); err == nil {
		t.Error("float64 must be an error")
	}
}

func TestBlocks(t *testing.T) {
	for _, of := range [][3]int{{0, 256, 1}, {1, 256, 1}, {256, 256, 1}, {257, 256, 2}, {1 << 30, 256, 1 << 15}} {
		if got := launch.Blocks(of[0], of[1]); got != of[2] {
			t.Errorf("%d elements, %d at a time: %d blocks, want %d", of[0], of[1], got, of[2])
		}
	}
}
