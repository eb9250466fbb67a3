// Package launch says what the ops of a graph run on a device: kernels with their
// arguments, in order. An op that can run there has a method Launch.
package launch

import (
	"unsafe"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/cuda/remote"
)

// A Function is a function of package op that runs on a device.
type Function interface {
	// Launch lists what computes y from in, or returns an error that says what the
	// device cannot do.
	Launch(l *List, y Memory, in []Memory) error
}

// A View is a function whose output is in the memory of an input: it computes nothing
// on a device.
type View interface {
	// View returns the input, and how many elements of it precede the output.
	View(in []Memory) (input, offset int)
}

// Memory is that of a node's value on a device, in row-major order.
type Memory struct {
	At    remote.Pointer
	Shape tensor.Shape
	Dtype tensor.Dtype
	// Step is the training step of a run, for a node that holds it: those are not on
	// the device.
	Step func() int64
}

// Size returns the number of elements.
func (m Memory) Size() int {
	n := 1
	for _, d := range m.Shape {
		n *= d
	}
	return n
}

// Floats returns an error unless all memory that is not a step's is of float32, in which
// the kernels compute.
func Floats(memory ...Memory) error {
	for _, m := range memory {
		if m.Step == nil && m.Dtype != tensor.Float32 {
			return errors.Errorf("must be of float32 on a device, got %v", m.Dtype)
		}
	}
	return nil
}

// A Launch is a kernel with its arguments, on a number of blocks.
type Launch struct {
	Kernel  string
	Threads int
	Blocks  int
	Args    unsafe.Pointer // to a struct, as the kernel has it
}

// A List is what a graph launches in a run.
type List struct {
	Launches []Launch

	alloc    func(bytes int) (remote.Pointer, error)
	settings remote.Pointer
	host     []byte
	used     int
	fills    []func() error
}

// NewList returns an empty list. alloc is for memory on the device that stays as long as
// the list is of use. host, of SettingsSize bytes, is copied to settings before each run.
func NewList(settings remote.Pointer, host []byte, alloc func(bytes int) (remote.Pointer, error)) *List {
	return &List{alloc: alloc, settings: settings, host: host}
}

// SettingsSize is the size of what a list copies to the device before each run.
const SettingsSize = 1 << 16

// Scratch returns memory on the device that only this graph uses.
func (l *List) Scratch(bytes int) (remote.Pointer, error) { return l.alloc(bytes) }

// Add lists a kernel with its argument.
func Add[A any](l *List, kernel string, threads, blocks int, args A) {
	p := new(A)
	*p = args
	l.Launches = append(l.Launches, Launch{kernel, threads, blocks, unsafe.Pointer(p)})
}

// EachRun returns memory on the device for a T that fill gives new values before each run.
func EachRun[T any](l *List, fill func(*T) error) (remote.Pointer, error) {
	const align = 16
	var t T
	at := (l.used + align - 1) / align * align
	if at+int(unsafe.Sizeof(t)) > len(l.host) {
		return 0, errors.Errorf("settings of a graph must fit into %d bytes, got more", len(l.host))
	}
	l.used = at + int(unsafe.Sizeof(t))
	to := (*T)(unsafe.Pointer(&l.host[at]))
	l.fills = append(l.fills, func() error { return fill(to) })
	return l.settings + remote.Pointer(at), nil
}

// Fill gives all settings the values of the next run.
func (l *List) Fill() error {
	for _, fill := range l.fills {
		if err := fill(); err != nil {
			return err
		}
	}
	return nil
}

// Used returns the number of bytes of settings.
func (l *List) Used() int { return l.used }

// Blocks returns how many blocks share n elements, of which a block has each at a time.
// Many short blocks are a little faster than few long ones: the last to end are shorter.
func Blocks(n, each int) int {
	const most = 1 << 15
	return max(1, min((n+each-1)/each, most))
}
