package cuda

import (
	"unsafe"

	"github.com/pkg/errors"
)

// Memory is memory of a device.
type Memory struct {
	d     *Device
	at    Pointer
	bytes int64
}

// Alloc gives memory whose contents are undefined. The error is a [*MemoryError] if there
// is too little.
func (d *Device) Alloc(bytes int64) (*Memory, error) {
	if bytes < 1 {
		return nil, errors.Errorf("cuda: Alloc: bytes must be at least 1, got %d", bytes)
	}
	m := &Memory{d: d, bytes: bytes}
	if err := d.call("Alloc", d.drv.memAlloc, uintptr(unsafe.Pointer(&m.at)), uintptr(bytes)); err != nil {
		return nil, d.explain(err, bytes)
	}
	d.live.Add(1)
	return m, nil
}

// explain says how much memory there is where there was too little.
func (d *Device) explain(err error, asked int64) error {
	var e *Error
	if !errors.As(err, &e) || e.Code != OutOfMemory {
		return err
	}
	free, total, failed := d.MemoryInfo()
	if failed != nil {
		return err
	}
	return &MemoryError{Op: e.Op, Asked: asked, Free: free, Total: total}
}

// MemoryInfo returns how many bytes of the device are free, and how many there are.
func (d *Device) MemoryInfo() (free, total int64, err error) {
	err = d.call("MemoryInfo", d.drv.memGetInfo, uintptr(unsafe.Pointer(&free)), uintptr(unsafe.Pointer(&total)))
	return free, total, err
}

// Pointer returns where the memory is, aligned to 256 bytes; 0 once it is freed.
func (m *Memory) Pointer() Pointer { return m.at }

// Size returns the number of bytes that were asked for.
func (m *Memory) Size() int64 { return m.bytes }

// Free gives the memory back, which no stream may be using still. To free twice does
// nothing, nor does to free nil.
func (m *Memory) Free() error {
	if m == nil || m.at == 0 {
		return nil
	}
	at := m.at
	m.at = 0
	m.d.live.Add(-1)
	return m.d.call("Free", m.d.drv.memFree, uintptr(at))
}

// Write copies to the device, and returns when all is there. It waits for no stream,
// which must not be using the memory.
func (d *Device) Write(to Pointer, from []byte) error {
	if len(from) == 0 {
		return nil
	}
	if err := d.call("Write", d.drv.memcpyHtoD, uintptr(to), uintptr(unsafe.Pointer(&from[0])), uintptr(len(from))); err != nil {
		return err
	}
	// The driver may return when it has read the memory, before it has written.
	return d.call("Write", d.drv.streamSynchronize, 0)
}

// Read copies from the device. It waits for no stream, which must have finished what is
// read.
func (d *Device) Read(to []byte, from Pointer) error {
	if len(to) == 0 {
		return nil
	}
	return d.call("Read", d.drv.memcpyDtoH, uintptr(unsafe.Pointer(&to[0])), uintptr(from), uintptr(len(to)))
}

// Zero makes bytes 0. It waits for no stream, which must not be using the memory.
func (d *Device) Zero(to Pointer, bytes int64) error {
	if bytes == 0 {
		return nil
	}
	if err := d.call("Zero", d.drv.memsetD8, uintptr(to), 0, uintptr(bytes)); err != nil {
		return err
	}
	return d.call("Zero", d.drv.streamSynchronize, 0)
}

// Bytes returns the memory of a slice of numbers, or of structs of numbers.
func Bytes[T any](s []T) []byte {
	var zero T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(zero)))
}

// View returns bytes, such as page-locked memory, as a slice of numbers or of structs
// of numbers. What is left of the bytes at the end is not part of it.
func View[T any](b []byte) []T {
	var zero T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(zero)))
}
