package cuda

import (
	"bytes"
	"runtime"
	"slices"
	"strings"
	"unsafe"

	"github.com/pkg/errors"
)

// Module is a program on a device.
type Module struct {
	d      *Device
	handle uintptr
}

// Function is a kernel of a module.
type Function struct {
	d      *Device
	handle uintptr
	name   string
}

// Load compiles a program in NVIDIA's PTX for the device. The driver keeps what it
// compiled for later processes.
func (d *Device) Load(ptx []byte) (*Module, error) {
	const (
		errorLogBuffer          = 5
		errorLogBufferSizeBytes = 6
	)
	image := append(slices.Clone(ptx), 0)
	log := make([]byte, 8<<10)
	options := []int32{errorLogBuffer, errorLogBufferSizeBytes}
	values := []uintptr{uintptr(unsafe.Pointer(&log[0])), uintptr(len(log))}
	var pinner runtime.Pinner
	defer pinner.Unpin()
	pinner.Pin(&log[0]) // values does not keep it
	m := &Module{d: d}
	err := d.call("Load", d.drv.moduleLoadDataEx, uintptr(unsafe.Pointer(&m.handle)), uintptr(unsafe.Pointer(&image[0])),
		uintptr(len(options)), uintptr(unsafe.Pointer(&options[0])), uintptr(unsafe.Pointer(&values[0])))
	if err != nil {
		var e *Error
		if errors.As(err, &e) {
			text, _, _ := bytes.Cut(log, []byte{0})
			e.Log = strings.Join(strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
		}
		return nil, err
	}
	d.live.Add(1)
	return m, nil
}

// Function returns a kernel of the module.
func (m *Module) Function(name string) (*Function, error) {
	if m.handle == 0 {
		return nil, errors.Errorf("cuda: Function: %s: the module must be open", name)
	}
	f := &Function{d: m.d, name: name}
	symbol := append([]byte(name), 0)
	if err := m.d.call("Function: "+name, m.d.drv.moduleGetFunction, uintptr(unsafe.Pointer(&f.handle)), m.handle, uintptr(unsafe.Pointer(&symbol[0]))); err != nil {
		return nil, err
	}
	return f, nil
}

// Name returns the kernel's name.
func (f *Function) Name() string { return f.name }

// Close unloads the module, with its functions. To close twice does nothing, nor does to
// close nil.
func (m *Module) Close() error {
	if m == nil || m.handle == 0 {
		return nil
	}
	handle := m.handle
	m.handle = 0
	m.d.live.Add(-1)
	return m.d.call("Close", m.d.drv.moduleUnload, handle)
}
