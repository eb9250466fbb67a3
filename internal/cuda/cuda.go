// Package cuda drives NVIDIA's devices without cgo and without an SDK: it loads the
// driver when it is asked for a device.
//
//	d, err := cuda.Open("cuda:0")
//	x, err := d.Alloc(4 * n)
//	m, err := d.Load(ptx)
//	f, err := m.Function("scale")
//	s, err := d.NewStream()
//	err = s.Launch(f, blocks, 256, unsafe.Pointer(&args))
//	err = s.Synchronize()
//
// All may be used by several goroutines at once, except that what is closed must not
// be in use, and that one goroutine at a time captures a stream. What fails on the
// device after a call has returned, such as a kernel that reads where nothing is,
// is the error of a later call, at the latest of the next that waits for the device.
// The device cannot be used any more then, by anyone in this process.
package cuda

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cuda/remote"
)

// Pointer is an address on a device. Zero is none.
type Pointer = remote.Pointer

// Device is an open device; see [Open].
type Device struct {
	drv    *driver
	number int32
	name   string
	total  int64
	sms    int
	major  int
	minor  int

	context atomic.Uintptr // the primary one; 0 if the device is closed
	live    atomic.Int64   // what was made and not yet freed or closed
	frames  sync.Pool      // of *frame

	mu   sync.Mutex
	host []*Host // not yet freed
}

// The oldest devices that our kernels are compiled for.
const leastMajor, leastMinor = 7, 0

// Open opens a device by its name: "cuda:0", "cuda:1" and so on, or "cuda" for the
// first.
func Open(name string) (*Device, error) {
	number, err := parse(name)
	if err != nil {
		return nil, err
	}
	drv, err := loadDriver()
	if err != nil {
		return nil, errors.Wrap(err, "cuda: Open")
	}
	if err := drv.check("Open", invoke(drv.init, 0)); err != nil {
		return nil, err
	}
	var count int32
	if err := drv.check("Open", invoke(drv.deviceGetCount, uintptr(unsafe.Pointer(&count)))); err != nil {
		return nil, err
	}
	switch {
	case count < 1:
		return nil, errors.New("cuda: Open: there must be a device, got none")
	case number >= int(count) && count == 1:
		return nil, errors.Errorf("cuda: Open: device must be cuda:0, the only one, got %s", name)
	case number >= int(count):
		return nil, errors.Errorf("cuda: Open: device must be one of cuda:0 to cuda:%d, got %s", count-1, name)
	}
	d := &Device{drv: drv}
	if err := d.open(number); err != nil {
		return nil, err
	}
	return d, nil
}

// parse returns the number of a device.
func parse(name string) (int, error) {
	if name == "cuda" {
		return 0, nil
	}
	digits, found := strings.CutPrefix(name, "cuda:")
	n, err := strconv.ParseUint(digits, 10, 31)
	if !found || err != nil {
		return 0, errors.Errorf("cuda: Open: device must be cuda or cuda:N, got %q", name)
	}
	return int(n), nil
}

// open asks the device about itself and makes its primary context.
func (d *Device) open(number int) error {
	drv := d.drv
	name := make([]byte, 256)
	var total uint64
	var sms, major, minor int32
	const multiprocessorCount, computeCapabilityMajor, computeCapabilityMinor = 16, 75, 76
	if err := drv.check("Open", invoke(drv.deviceGet, uintptr(unsafe.Pointer(&d.number)), uintptr(number))); err != nil {
		return err
	}
	n := uintptr(d.number)
	for _, code := range []int32{
		invoke(drv.deviceGetName, uintptr(unsafe.Pointer(&name[0])), uintptr(len(name)-1), n),
		invoke(drv.deviceTotalMem, uintptr(unsafe.Pointer(&total)), n),
		invoke(drv.deviceGetAttribute, uintptr(unsafe.Pointer(&sms)), multiprocessorCount, n),
		invoke(drv.deviceGetAttribute, uintptr(unsafe.Pointer(&major)), computeCapabilityMajor, n),
		invoke(drv.deviceGetAttribute, uintptr(unsafe.Pointer(&minor)), computeCapabilityMinor, n),
	} {
		if err := drv.check("Open", code); err != nil {
			return err
		}
	}
	text, _, _ := strings.Cut(string(name), "\x00")
	d.name, d.total, d.sms, d.major, d.minor = text, int64(total), int(sms), int(major), int(minor)
	if d.major < leastMajor || d.major == leastMajor && d.minor < leastMinor {
		return errors.Errorf("cuda: Open: device must have compute capability %d.%d or newer, got %d.%d (%s)", leastMajor, leastMinor, d.major, d.minor, d.name)
	}
	var context uintptr
	if err := drv.check("Open", invoke(drv.primaryCtxRetain, uintptr(unsafe.Pointer(&context)), n)); err != nil {
		return err
	}
	d.context.Store(context)
	return nil
}

// Name returns what NVIDIA calls the device.
func (d *Device) Name() string { return d.name }

// TotalMemory returns the device's memory in bytes.
func (d *Device) TotalMemory() int64 { return d.total }

// Multiprocessors returns their number.
func (d *Device) Multiprocessors() int { return d.sms }

// Capability returns the compute capability, such as 9 and 0.
func (d *Device) Capability() (major, minor int) { return d.major, d.minor }

// Describe names the device in one line, such as "NVIDIA H100, 132 multiprocessors,
// 79.18 GiB, compute capability 9.0, CUDA 13.0".
func (d *Device) Describe() string {
	v := d.drv.version()
	return fmt.Sprintf("%s, %d multiprocessors, %s, compute capability %d.%d, CUDA %d.%d", d.name, d.sms, size(d.total), d.major, d.minor, v/1000, v%1000/10)
}

// Synchronize waits until the device has done all that this process gave it.
func (d *Device) Synchronize() error { return d.quick("Synchronize", d.drv.ctxSynchronize) }

// Close gives the device back. All memory, modules, streams, events and graphs must
// have been freed or closed: if not, the device is closed, and the error says how many
// there are. A second Close does nothing.
func (d *Device) Close() error {
	if d.context.Swap(0) == 0 {
		return nil
	}
	err := d.drv.check("Close", invoke(d.drv.primaryCtxRelease, uintptr(d.number)))
	if n := d.live.Load(); n != 0 && err == nil {
		err = errors.Errorf("cuda: Close: all that belongs to the device must have been freed or closed, got %d that were not", n)
	}
	return err
}

// call calls a function of the driver with the device's context. Pointers converted to
// uintptr in the call stay alive until it returns, for which the compiler allocates: see
// quick.
//
//go:uintptrescapes
func (d *Device) call(op string, fn uintptr, args ...uintptr) error { return d.quick(op, fn, args...) }

// quick calls a function of the driver with the device's context, which belongs to a
// thread of the system while goroutines move between threads. It allocates nothing.
// Pointers among the arguments must be of memory that stays where it is and alive.
func (d *Device) quick(op string, fn uintptr, args ...uintptr) error {
	context := d.context.Load()
	if context == 0 {
		return errors.Errorf("cuda: %s: the device must be open", op)
	}
	f, ok := d.frames.Get().(*frame)
	if !ok {
		f = new(frame)
	}
	defer d.frames.Put(f)
	n := copy(f[:], args)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	last := len(f) - 1
	f[last] = context
	if code := invoke(d.drv.ctxSetCurrent, f[last:]...); code != 0 {
		return d.drv.check(op, code)
	}
	return d.drv.check(op, invoke(fn, f[:n]...))
}

// frame holds the arguments of a call, which must be on the heap. The last place is not
// for them.
type frame [12]uintptr
