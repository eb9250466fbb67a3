package cuda

import "fmt"

// Code is an error code of the driver.
type Code int32

// Codes that callers and tests tell apart.
const (
	InvalidValue       Code = 1
	OutOfMemory        Code = 2
	NoDevice           Code = 100
	InvalidContext     Code = 201
	InvalidPTX         Code = 218
	InvalidHandle      Code = 400
	NotFound           Code = 500
	NotReady           Code = 600
	IllegalAddress     Code = 700
	LaunchFailed       Code = 719
	CaptureUnsupported Code = 900
	CaptureInvalidated Code = 901
	CaptureUnjoined    Code = 904
	CapturedEvent      Code = 907
	CaptureWrongThread Code = 908
)

// Error is what the driver said.
type Error struct {
	Op   string // the function of this package, and what it was about
	Code Code
	Name string // the driver's name of the code, as CUDA_ERROR_ILLEGAL_ADDRESS
	Text string // the driver's words
	Log  string // of the compiler, for a module
}

func (e *Error) Error() string {
	s := "cuda: " + e.Op + ": "
	switch {
	case e.Name == "":
		s += fmt.Sprintf("the driver gives error %d", e.Code)
	case e.Text == "":
		s += e.Name
	default:
		s += fmt.Sprintf("%s (%s)", e.Text, e.Name)
	}
	if e.Log != "" {
		s += ": " + e.Log
	}
	return s
}

// MemoryError says that a device has too little free memory.
type MemoryError struct {
	Op                 string
	Asked, Free, Total int64
}

func (e *MemoryError) Error() string {
	return fmt.Sprintf("cuda: %s: %s must be free on the device, got %s of %s", e.Op, size(e.Asked), size(e.Free), size(e.Total))
}

// Unwrap gives the driver's error.
func (e *MemoryError) Unwrap() error {
	return &Error{Op: e.Op, Code: OutOfMemory, Name: "CUDA_ERROR_OUT_OF_MEMORY", Text: "out of memory"}
}

// size writes a number of bytes.
func size(bytes int64) string {
	units := []string{"KiB", "MiB", "GiB", "TiB"}
	if bytes < 1<<10 {
		return fmt.Sprintf("%d bytes", bytes)
	}
	x, unit := float64(bytes)/(1<<10), 0
	for x >= 1<<10 && unit < len(units)-1 {
		x, unit = x/(1<<10), unit+1
	}
	return fmt.Sprintf("%.4g %s", x, units[unit])
}
