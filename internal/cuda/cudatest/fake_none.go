//go:build !((linux || darwin) && !android && !ios && (amd64 || arm64)) || gonumblas

package cudatest

import "github.com/gorgonia-dropout/dropout/internal/cuda"

// loads tells whether this build can load the driver for tests.
const loads = false

func fail(string, string, int, cuda.Code) {}
func heal(string)                         {}
func slow(string, int)                    {}
func reset(string)                        {}
func withoutDevice(string)                {}
func live(string) int                     { return 0 }
