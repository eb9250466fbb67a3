package cuda

import (
	"os"
	"runtime"
	"unsafe"

	"github.com/pkg/errors"
)

// Variable is the environment variable that names another library than the driver's.
const Variable = "DROPOUT_CUDA"

// driver holds the addresses of the driver's functions.
type driver struct {
	init, driverGetVersion, getErrorName, getErrorString uintptr

	deviceGetCount, deviceGet, deviceGetName, deviceGetAttribute, deviceTotalMem uintptr

	primaryCtxRetain, primaryCtxRelease, ctxSetCurrent, ctxSynchronize uintptr

	memAlloc, memFree, memGetInfo, memHostAlloc, memFreeHost uintptr

	memcpyHtoD, memcpyDtoH, memsetD8                                 uintptr
	memcpyHtoDAsync, memcpyDtoHAsync, memcpyDtoDAsync, memsetD8Async uintptr

	moduleLoadDataEx, moduleUnload, moduleGetFunction uintptr

	streamCreate, streamDestroy, streamSynchronize, streamWaitEvent uintptr
	streamBeginCapture, streamEndCapture, launchKernel              uintptr

	eventCreate, eventDestroy, eventRecord, eventSynchronize, eventElapsedTime uintptr

	graphInstantiate                            uintptr // with flags, since CUDA 11.4; 0 before
	graphInstantiateLog                         uintptr
	graphLaunch, graphDestroy, graphExecDestroy uintptr
}

// library is the name of the driver's library, "" where NVIDIA has none.
func library() string {
	if name := os.Getenv(Variable); name != "" {
		return name
	}
	switch runtime.GOOS {
	case "linux":
		return "libcuda.so.1"
	case "windows":
		return "nvcuda.dll"
	}
	return ""
}

// loadDriver loads the driver and finds its functions.
func loadDriver() (*driver, error) {
	name := library()
	if !loads || name == "" {
		return nil, errors.Errorf("there must be an NVIDIA driver, which this build for %s/%s cannot load", runtime.GOOS, runtime.GOARCH)
	}
	handle, err := load(name)
	if err != nil {
		return nil, errors.Wrap(err, "there must be an NVIDIA driver, got none")
	}
	d := new(driver)
	for _, f := range d.functions() {
		if *f.at = symbol(handle, f.name); *f.at == 0 && !f.optional {
			return nil, errors.Errorf("%s must have %s, which NVIDIA's drivers have since CUDA 10.1", name, f.name)
		}
	}
	if d.graphInstantiate == 0 && d.graphInstantiateLog == 0 {
		return nil, errors.Errorf("%s must have cuGraphInstantiateWithFlags, which NVIDIA's drivers have since CUDA 11.4", name)
	}
	return d, nil
}

// function is where the address of a function is to be stored.
type function struct {
	at       *uintptr
	name     string
	optional bool
}

// functions are all that we use, by the names under which the driver exports the
// versions that we mean.
func (d *driver) functions() []function {
	return []function{
		{at: &d.init, name: "cuInit"},
		{at: &d.driverGetVersion, name: "cuDriverGetVersion"},
		{at: &d.getErrorName, name: "cuGetErrorName"},
		{at: &d.getErrorString, name: "cuGetErrorString"},
		{at: &d.deviceGetCount, name: "cuDeviceGetCount"},
		{at: &d.deviceGet, name: "cuDeviceGet"},
		{at: &d.deviceGetName, name: "cuDeviceGetName"},
		{at: &d.deviceGetAttribute, name: "cuDeviceGetAttribute"},
		{at: &d.deviceTotalMem, name: "cuDeviceTotalMem_v2"},
		{at: &d.primaryCtxRetain, name: "cuDevicePrimaryCtxRetain"},
		{at: &d.primaryCtxRelease, name: "cuDevicePrimaryCtxRelease"},
		{at: &d.ctxSetCurrent, name: "cuCtxSetCurrent"},
		{at: &d.ctxSynchronize, name: "cuCtxSynchronize"},
		{at: &d.memAlloc, name: "cuMemAlloc_v2"},
		{at: &d.memFree, name: "cuMemFree_v2"},
		{at: &d.memGetInfo, name: "cuMemGetInfo_v2"},
		{at: &d.memHostAlloc, name: "cuMemHostAlloc"},
		{at: &d.memFreeHost, name: "cuMemFreeHost"},
		{at: &d.memcpyHtoD, name: "cuMemcpyHtoD_v2"},
		{at: &d.memcpyDtoH, name: "cuMemcpyDtoH_v2"},
		{at: &d.memsetD8, name: "cuMemsetD8_v2"},
		{at: &d.memcpyHtoDAsync, name: "cuMemcpyHtoDAsync_v2"},
		{at: &d.memcpyDtoHAsync, name: "cuMemcpyDtoHAsync_v2"},
		{at: &d.memcpyDtoDAsync, name: "cuMemcpyDtoDAsync_v2"},
		{at: &d.memsetD8Async, name: "cuMemsetD8Async"},
		{at: &d.moduleLoadDataEx, name: "cuModuleLoadDataEx"},
		{at: &d.moduleUnload, name: "cuModuleUnload"},
		{at: &d.moduleGetFunction, name: "cuModuleGetFunction"},
		{at: &d.streamCreate, name: "cuStreamCreate"},
		{at: &d.streamDestroy, name: "cuStreamDestroy_v2"},
		{at: &d.streamSynchronize, name: "cuStreamSynchronize"},
		{at: &d.streamWaitEvent, name: "cuStreamWaitEvent"},
		{at: &d.streamBeginCapture, name: "cuStreamBeginCapture_v2"},
		{at: &d.streamEndCapture, name: "cuStreamEndCapture"},
		{at: &d.launchKernel, name: "cuLaunchKernel"},
		{at: &d.eventCreate, name: "cuEventCreate"},
		{at: &d.eventDestroy, name: "cuEventDestroy_v2"},
		{at: &d.eventRecord, name: "cuEventRecord"},
		{at: &d.eventSynchronize, name: "cuEventSynchronize"},
		{at: &d.eventElapsedTime, name: "cuEventElapsedTime"},
		{at: &d.graphInstantiate, name: "cuGraphInstantiateWithFlags", optional: true},
		{at: &d.graphInstantiateLog, name: "cuGraphInstantiate_v2", optional: true},
		{at: &d.graphLaunch, name: "cuGraphLaunch"},
		{at: &d.graphDestroy, name: "cuGraphDestroy"},
		{at: &d.graphExecDestroy, name: "cuGraphExecDestroy"},
	}
}

// check turns a code of the driver into an error.
func (d *driver) check(op string, code int32) error {
	if code == 0 {
		return nil
	}
	return &Error{Op: op, Code: Code(code), Name: d.text(d.getErrorName, code), Text: d.text(d.getErrorString, code)}
}

// text calls a function that stores the address of a string for a code.
func (d *driver) text(fn uintptr, code int32) string {
	var s *byte
	if invoke(fn, uintptr(code), uintptr(unsafe.Pointer(&s))) != 0 || s == nil {
		return ""
	}
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(s), n)) != 0 {
		n++
	}
	return string(unsafe.Slice(s, n))
}

// version returns the driver's version of CUDA, such as 13000 for 13.0, 0 if it does
// not tell.
func (d *driver) version() int {
	var v int32
	if invoke(d.driverGetVersion, uintptr(unsafe.Pointer(&v))) != 0 {
		return 0
	}
	return int(v)
}
