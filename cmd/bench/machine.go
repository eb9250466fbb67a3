package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/gorgonia-dropout/dropout/internal/blas"
	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/processor"
)

// about is the machine and what runs on it.
type about struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	System string `json:"system"`
	Go     string `json:"go"`
	BLAS   string `json:"blas"`
	Kernel string `json:"kernel"`
	Load   string `json:"load,omitempty"` // of the last minute, before
}

func machine() about {
	return about{
		CPU: processor.Name(), Cores: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(),
		BLAS: products(), Kernel: isa.Active().String(), Load: load(),
	}
}

func (a about) String() string {
	return fmt.Sprintf("%s, %d cores, %s, %s. %s. Kernels: %s.", a.CPU, a.Cores, a.System, a.Go, a.BLAS, a.Kernel)
}

// products describes those of this library, which its cases use unless their names say
// otherwise.
func products() string {
	b, err := blas.Open("builtin")
	if err != nil {
		return "BLAS: " + err.Error()
	}
	return b.Describe()
}

// load is the average number of processes that ran or waited in the last minute, ""
// where the system does not tell.
func load() string {
	average, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(average), " ")
	return first
}
