//go:build !((linux || darwin) && !android && !ios && (amd64 || arm64)) || gonumblas

package cudatest

import (
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
)

// loads tells whether this build can load the driver for tests.
const loads = false

func fail(testing.TB, string, string, int, cuda.Code) {}
func heal(testing.TB, string)                         {}
func slow(testing.TB, string, int)                    {}
func reset(testing.TB, string)                        {}
func withoutDevice(testing.TB, string)                {}
func live(testing.TB, string) int                     { return 0 }
