package cuda

import (
	"time"
	"unsafe"
)

// Event is a point in a stream, and when the stream reached it.
type Event struct {
	d      *Device
	handle uintptr
}

// NewEvent makes an event.
func (d *Device) NewEvent() (*Event, error) {
	e := &Event{d: d}
	const timing = 0
	if err := d.call("NewEvent", d.drv.eventCreate, uintptr(unsafe.Pointer(&e.handle)), timing); err != nil {
		return nil, err
	}
	d.live.Add(1)
	return e, nil
}

// Record makes the event the point that the stream will be at when it has done all that
// it was given.
func (s *Stream) Record(e *Event) error {
	return s.d.quick("Record", s.d.drv.eventRecord, e.handle, s.handle)
}

// Synchronize waits until the stream has reached the event.
func (e *Event) Synchronize() error {
	return e.d.quick("Synchronize", e.d.drv.eventSynchronize, e.handle)
}

// Since returns the time on the device between two events, which must have been reached,
// to half a microsecond.
func (e *Event) Since(start *Event) (time.Duration, error) {
	var ms float32
	if err := e.d.call("Since", e.d.drv.eventElapsedTime, uintptr(unsafe.Pointer(&ms)), start.handle, e.handle); err != nil {
		return 0, err
	}
	return time.Duration(float64(ms) * float64(time.Millisecond)), nil
}

// Close gives the event back. To close twice does nothing, nor does to close nil.
func (e *Event) Close() error {
	if e == nil || e.handle == 0 {
		return nil
	}
	handle := e.handle
	e.handle = 0
	e.d.live.Add(-1)
	return e.d.call("Close", e.d.drv.eventDestroy, handle)
}
