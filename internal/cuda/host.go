package cuda

import (
	"slices"
	"unsafe"

	"github.com/pkg/errors"
)

// Host is page-locked memory of this machine, which a device can reach while the
// program goes on. The garbage collector does not know it.
type Host struct {
	d     *Device
	bytes []byte
}

// AllocHost gives page-locked memory, zeroed.
func (d *Device) AllocHost(bytes int) (*Host, error) {
	if bytes < 1 {
		return nil, errors.Errorf("cuda: AllocHost: bytes must be at least 1, got %d", bytes)
	}
	var at *byte
	const portable = 1
	if err := d.call("AllocHost", d.drv.memHostAlloc, uintptr(unsafe.Pointer(&at)), uintptr(bytes), portable); err != nil {
		return nil, err
	}
	h := &Host{d, unsafe.Slice(at, bytes)}
	clear(h.bytes)
	d.live.Add(1)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.host = append(d.host, h)
	return h, nil
}

// Bytes returns the memory, nil once it is freed. See [View] for numbers.
func (h *Host) Bytes() []byte { return h.bytes }

// Free gives the memory back, which no stream and no graph may be using still, nor a
// slice of it. To free twice does nothing, nor does to free nil.
func (h *Host) Free() error {
	if h == nil || h.bytes == nil {
		return nil
	}
	h.d.mu.Lock()
	h.d.host = slices.DeleteFunc(h.d.host, func(other *Host) bool { return other == h })
	h.d.mu.Unlock()
	h.d.live.Add(-1)
	at := uintptr(unsafe.Pointer(&h.bytes[0]))
	h.bytes = nil
	return h.d.call("Free", h.d.drv.memFreeHost, at)
}

// locked tells whether memory is page-locked, all of it.
func (d *Device) locked(b []byte) bool {
	first := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, h := range d.host {
		from := uintptr(unsafe.Pointer(&h.bytes[0]))
		if first >= from && first+uintptr(len(b)) <= from+uintptr(len(h.bytes)) {
			return true
		}
	}
	return false
}
