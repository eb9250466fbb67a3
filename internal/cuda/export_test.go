package cuda

import "unsafe"

// WithoutInstantiateFlags makes a device like one of a driver before CUDA 11.4, if the
// driver still has what that had.
func (d *Device) WithoutInstantiateFlags() bool {
	d.drv.graphInstantiate = 0
	return d.drv.graphInstantiateLog != 0
}

// LaunchUnchecked launches what Launch refuses.
func (s *Stream) LaunchUnchecked(f *Function, blocks, threads int, args unsafe.Pointer) error {
	params := [1]unsafe.Pointer{args}
	return s.d.call("Launch", s.d.drv.launchKernel, f.handle, uintptr(blocks), 1, 1, uintptr(threads), 1, 1, 0, s.handle, uintptr(unsafe.Pointer(&params)), 0)
}

// FreeTwice frees memory and then frees it again.
func (m *Memory) FreeTwice() (first, second error) {
	at := m.at
	first = m.Free()
	return first, m.d.call("Free", m.d.drv.memFree, uintptr(at))
}

// WithoutContext takes the context from the thread that the goroutine happens to be on.
func (d *Device) WithoutContext() { invoke(d.drv.ctxSetCurrent, 0) }

// On gives memory that a closed device has left to another.
func (m *Memory) On(d *Device) *Memory {
	d.live.Add(1)
	return &Memory{d: d, at: m.at, bytes: m.bytes}
}
