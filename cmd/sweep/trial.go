package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/blas"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/room"
	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/internal/sweep/child"
	"github.com/gorgonia-dropout/dropout/internal/sweep/connect"
	"github.com/gorgonia-dropout/dropout/internal/sweep/external"
)

// trialLimits are those of a trial, which has a process of its own.
type trialLimits struct {
	TrialMemory int           `group:"Trials" help:"Most memory of a trial in MiB, after which it is begun again; three times make it count as failed. 0 for three quarters of what is free, shared by the workers of a run." placeholder:"MIB"`
	TrialTime   time.Duration `group:"Trials" default:"24h" help:"Most time of a try of a trial, likewise; 0 for any."`
}

// maxTrialMemory is the largest limit in MiB.
const maxTrialMemory = 1 << 30

func (l trialLimits) check() error {
	if l.TrialMemory < 0 || l.TrialMemory > maxTrialMemory || l.TrialTime < 0 {
		return cmdline.Usagef("--trial-memory must be in [0, %d] and --trial-time not negative, got %d and %v", maxTrialMemory, l.TrialMemory, l.TrialTime)
	}
	return nil
}

// share returns the limit in MiB where so many workers share the memory; 0 is none.
func (l trialLimits) share(workers int) int {
	free, ok := room.Memory()
	if l.TrialMemory > 0 || !ok {
		return l.TrialMemory
	}
	return max(64, int(free/4*3>>20)/max(1, workers))
}

// computing says how trials compute.
type computing struct {
	Threads     int           `default:"1" help:"Threads of the computation. Workers side by side use the cores better than threads do."`
	Checkpoints time.Duration `default:"10s" help:"How much work a crash may cost."`
}

// grace is how long a process of trials may take to end the programs that it has started.
const grace = 5 * time.Second

// apart returns programs that run trials in a process of their own, and a function that
// ends it. With a command it is the only one.
func (c computing) apart(l trialLimits, of given) (map[string]sweep.Program, func(), error) {
	program, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	told, err := of.read()
	if err != nil {
		return nil, nil, err
	}
	process := &child.Process{Command: func() *exec.Cmd {
		args := []string{"trial", "--threads", fmt.Sprint(c.Threads), "--checkpoints", c.Checkpoints.String(), "--memory", fmt.Sprint(l.share(1)), "--time", l.TrialTime.String()}
		cmd := exec.Command(program, append(args, of.args()...)...)
		// A trial needs no way to the server.
		cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
			return strings.HasPrefix(v, connect.KeyVariable+"=") || strings.HasPrefix(v, "SWEEP_PASSWORD=")
		})
		return cmd
	}}
	if told != nil {
		// The process looks after the limits, and ends the program with itself.
		process.Grace = grace
		p := &external.Program{Command: *told, Name: of.Program}
		return map[string]sweep.Program{of.Program: &child.Program{Program: p, Process: process}}, process.Close, nil
	}
	apart := make(map[string]sweep.Program)
	for name, p := range programs(c.Checkpoints) {
		apart[name] = &child.Program{Program: p, Process: process, Time: l.TrialTime}
	}
	return apart, process.Close, nil
}

// trialCmd is the process of a worker's trials.
type trialCmd struct {
	computing
	given
	Memory int           `help:"Most memory in MiB; 0 for any."`
	Time   time.Duration `help:"Most time of a command's trial; 0 for any."`
}

// Run is called by kong.
func (c *trialCmd) Run(ctx context.Context, to *cmdline.Console) error {
	if c.Memory < 0 || c.Memory > maxTrialMemory || c.Threads < 1 {
		return cmdline.Usagef("--memory must be in [0, %d] and --threads positive, got %d and %d", maxTrialMemory, c.Memory, c.Threads)
	}
	told, err := c.read()
	if err != nil {
		return cmdline.Usage(err)
	}
	limit := int64(c.Memory) << 20
	if told != nil {
		p := &external.Program{Command: *told, Name: c.Program, Memory: limit, Time: c.Time, Threads: c.Threads}
		return child.Serve(ctx, os.Stdin, to.Out, map[string]sweep.Program{c.Program: p}, child.Limits{})
	}
	runtime.GOMAXPROCS(c.Threads)
	library := blas.Find()
	gorgonia.Use(library)
	if library.Library() != "" {
		// A library without such a function uses as many threads as it likes.
		_ = library.SetThreads(c.Threads)
	}
	return child.Serve(ctx, os.Stdin, to.Out, programs(c.Checkpoints), child.Limits{Memory: limit})
}
