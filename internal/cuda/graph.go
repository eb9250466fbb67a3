package cuda

import (
	"runtime"
	"unsafe"

	"github.com/pkg/errors"
)

// Graph is what a stream was given once, to be given again in one call.
type Graph struct {
	d      *Device
	handle uintptr
}

// Capture makes a graph of what record gives the stream, which does not do it yet.
// Arguments of kernels are those of the moment; what is copied from page-locked memory
// and what pointers point to is what is there when the graph runs, so all memory must
// stay until the graph is closed. While record runs it must not allocate, free, or wait
// for the device, and must stay in its goroutine.
func (s *Stream) Capture(record func() error) (*Graph, error) {
	if s.handle == 0 {
		return nil, errors.New("cuda: Capture: the stream must be open")
	}
	// A capture ends in the thread where it began.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const threadLocal = 1
	if err := s.d.call("Capture", s.d.drv.streamBeginCapture, s.handle, threadLocal); err != nil {
		return nil, err
	}
	template, err := s.recorded(record)
	if template != 0 {
		defer s.d.call("Capture", s.d.drv.graphDestroy, template)
	}
	if err != nil {
		return nil, err
	}
	g := &Graph{d: s.d}
	if s.d.drv.graphInstantiate != 0 {
		err = s.d.call("Capture", s.d.drv.graphInstantiate, uintptr(unsafe.Pointer(&g.handle)), template, 0)
	} else {
		err = s.d.call("Capture", s.d.drv.graphInstantiateLog, uintptr(unsafe.Pointer(&g.handle)), template, 0, 0, 0)
	}
	if err != nil {
		return nil, err
	}
	s.d.live.Add(1)
	return g, nil
}

// recorded runs record and ends the capture, even if record panics.
func (s *Stream) recorded(record func() error) (template uintptr, err error) {
	returned := false
	defer func() {
		ended := s.d.call("Capture", s.d.drv.streamEndCapture, s.handle, uintptr(unsafe.Pointer(&template)))
		if err == nil {
			err = ended
		}
		if !returned && template != 0 {
			_ = s.d.call("Capture", s.d.drv.graphDestroy, template)
		}
	}()
	err = record()
	returned = true
	return 0, err
}

// Launch gives a stream of the device all that was captured.
func (g *Graph) Launch(s *Stream) error {
	if g.d != s.d {
		return errors.New("cuda: Launch: a graph must belong to the device of the stream")
	}
	return g.d.quick(launchOp, g.d.drv.graphLaunch, g.handle, s.handle)
}

// Close gives the graph back, which no stream may be running still. To close twice does
// nothing, nor does to close nil.
func (g *Graph) Close() error {
	if g == nil || g.handle == 0 {
		return nil
	}
	handle := g.handle
	g.handle = 0
	g.d.live.Add(-1)
	return g.d.call("Close", g.d.drv.graphExecDestroy, handle)
}
