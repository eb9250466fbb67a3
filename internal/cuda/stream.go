package cuda

import (
	"math"
	"runtime"
	"sync"
	"unsafe"

	"github.com/pkg/errors"
)

// Stream does on a device what it is given, one thing after the other, while the program
// goes on. Streams do not wait for each other, unless by [Stream.Wait].
type Stream struct {
	d      *Device
	handle uintptr

	mu     sync.Mutex        // of what follows
	params [1]unsafe.Pointer // of a launch, here so that launches allocate nothing
}

// NewStream makes a stream.
func (d *Device) NewStream() (*Stream, error) {
	s := &Stream{d: d}
	const nonBlocking = 1
	if err := d.call("NewStream", d.drv.streamCreate, uintptr(unsafe.Pointer(&s.handle)), nonBlocking); err != nil {
		return nil, err
	}
	d.live.Add(1)
	return s, nil
}

// Most blocks, and most threads of a block.
const mostBlocks, mostThreads = math.MaxInt32, 1024

// Launch runs a kernel. Its one argument, a struct of pointers of the device and numbers,
// is read before Launch returns. It must be on the heap, so a launch allocates nothing only
// if args is kept for the next.
func (s *Stream) Launch(f *Function, blocks, threads int, args unsafe.Pointer) error {
	switch {
	case f.d != s.d:
		return errors.Errorf("cuda: Launch: %s must belong to the device of the stream", f.name)
	case blocks < 1 || blocks > mostBlocks:
		return errors.Errorf("cuda: Launch: blocks of %s must be in [1, %d], got %d", f.name, mostBlocks, blocks)
	case threads < 1 || threads > mostThreads:
		return errors.Errorf("cuda: Launch: threads of %s must be in [1, %d], got %d", f.name, mostThreads, threads)
	case args == nil:
		return errors.Errorf("cuda: Launch: %s must have an argument, got none", f.name)
	}
	const sharedBytes, extra = 0, 0
	s.mu.Lock()
	defer s.mu.Unlock()
	s.params[0] = args
	err := s.d.quick(launchOp, s.d.drv.launchKernel, f.handle, uintptr(blocks), 1, 1, uintptr(threads), 1, 1,
		sharedBytes, s.handle, uintptr(unsafe.Pointer(&s.params)), extra)
	runtime.KeepAlive(s)
	s.params[0] = nil
	if err != nil {
		return about(err, f.name)
	}
	return nil
}

const launchOp = "Launch"

// about says which thing an error is about.
func about(err error, name string) error {
	var e *Error
	if errors.As(err, &e) {
		e.Op += ": " + name
	}
	return err
}

// Write copies to the device from page-locked memory ([Device.AllocHost]), which must
// stay as it is until the copy is done.
func (s *Stream) Write(to Pointer, from []byte) error {
	if len(from) == 0 {
		return nil
	}
	if !s.d.locked(from) {
		return errors.New("cuda: Write: a stream must write from page-locked memory of its device")
	}
	return s.d.quick("Write", s.d.drv.memcpyHtoDAsync, uintptr(to), uintptr(unsafe.Pointer(&from[0])), uintptr(len(from)), s.handle)
}

// Read copies from the device to page-locked memory ([Device.AllocHost]).
func (s *Stream) Read(to []byte, from Pointer) error {
	if len(to) == 0 {
		return nil
	}
	if !s.d.locked(to) {
		return errors.New("cuda: Read: a stream must read to page-locked memory of its device")
	}
	return s.d.quick("Read", s.d.drv.memcpyDtoHAsync, uintptr(unsafe.Pointer(&to[0])), uintptr(from), uintptr(len(to)), s.handle)
}

// Copy copies memory of the device, which must not overlap.
func (s *Stream) Copy(to, from Pointer, bytes int64) error {
	if bytes == 0 {
		return nil
	}
	return s.d.quick("Copy", s.d.drv.memcpyDtoDAsync, uintptr(to), uintptr(from), uintptr(bytes), s.handle)
}

// Zero makes bytes 0.
func (s *Stream) Zero(to Pointer, bytes int64) error {
	if bytes == 0 {
		return nil
	}
	return s.d.quick("Zero", s.d.drv.memsetD8Async, uintptr(to), 0, uintptr(bytes), s.handle)
}

// Synchronize waits until all is done.
func (s *Stream) Synchronize() error {
	if s.handle == 0 {
		return errors.New("cuda: Synchronize: the stream must be open")
	}
	return s.d.quick("Synchronize", s.d.drv.streamSynchronize, s.handle)
}

// Wait makes what the stream is given from now on wait for an event.
func (s *Stream) Wait(e *Event) error {
	return s.d.quick("Wait", s.d.drv.streamWaitEvent, s.handle, e.handle, 0)
}

// Close closes the stream, which finishes what it was given. To close twice does
// nothing, nor does to close nil.
func (s *Stream) Close() error {
	if s == nil || s.handle == 0 {
		return nil
	}
	handle := s.handle
	s.handle = 0
	s.d.live.Add(-1)
	return s.d.call("Close", s.d.drv.streamDestroy, handle)
}
