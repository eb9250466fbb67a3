package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pkg/errors"
)

// memory is the memory that a mutant's process may map, in KiB, so that an
// endless loop cannot take all of the machine's.
const memory = 12 << 20

// patience is how many times longer tests may take with a mutant than without.
// Endless loops are detected by processor time, which other work on the machine
// does not change; the clock is for tests that only wait.
const patience = 10

// A binaryOf is the test binary of a package, with what each of its tests reaches.
type binaryOf struct {
	file, dir, name string
	flags           []string
	tests           []test
}

type test struct {
	name    string
	seconds float64      // of processors
	reaches map[int]bool // first mutants of operators; nil: unknown
}

// trace runs each test by itself without a mutant and records what it reaches.
// A test that fails because it is traced, such as those of allocations, is
// assumed to reach everything; one that fails by itself is left out, and
// reported.
func (b *built) trace(w io.Writer) error {
	for _, p := range b.binaries {
		out, err := exec.Command(p.file, "-test.list", "^(Test|Fuzz|Example)").Output()
		if err != nil {
			return errors.Wrap(err, "names of tests")
		}
		// Inputs that rapid finds are not for the repository, nor for the next mutant.
		const noFile = "-rapid.nofailfile"
		if exec.Command(p.file, noFile, "-test.list", "^$").Run() == nil {
			p.flags = []string{noFile}
		}
		for _, name := range strings.Fields(string(out)) {
			reached := filepath.Join(filepath.Dir(p.file), "reached")
			if err := os.RemoveAll(reached); err != nil {
				return errors.Wrap(err, "trace")
			}
			o, seconds, err := b.process(p, []string{name}, -1, 60, reached)
			if err != nil {
				return err
			}
			if o != lived {
				if o, seconds, err = b.process(p, []string{name}, 0, 60, ""); err != nil {
					return err
				}
				if o != lived {
					fmt.Fprintf(w, "left out, because it fails by itself: %s in %s\n", name, p.name)
				} else {
					p.tests = append(p.tests, test{name: name, seconds: seconds})
				}
				continue
			}
			t := test{name, seconds, map[int]bool{}}
			text, err := os.ReadFile(reached)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return errors.Wrap(err, "trace")
			}
			for _, line := range strings.Fields(string(text)) {
				id, err := strconv.Atoi(line)
				if err != nil {
					return errors.Wrap(err, "trace")
				}
				t.reaches[id] = true
			}
			p.tests = append(p.tests, t)
		}
		slices.SortStableFunc(p.tests, func(a, b test) int { return int(1e6 * (a.seconds - b.seconds)) })
	}
	return nil
}

// first returns the number under which a mutant's operator is traced.
func (b *built) first(m mutant) int {
	for i := m.id - 1; i > 0; i-- { // mutants are numbered from 1
		o := b.mutants[i-1]
		if o.file != m.file || o.line != m.line || o.col != m.col {
			break
		}
		m = o
	}
	return m.id
}

// test runs the tests that reach a mutant, the quick ones first, until one fails.
func (b *built) test(m mutant) (outcome, error) {
	id, covered := b.first(m), false
	for _, p := range b.binaries {
		var group []string
		var seconds float64
		for i, t := range p.tests {
			if t.reaches[id] || t.reaches == nil {
				covered = covered || t.reaches != nil
				group = append(group, t.name)
				seconds += t.seconds
			}
			if len(group) == 0 || seconds < 1 && i < len(p.tests)-1 {
				continue
			}
			o, _, err := b.process(p, group, m.id, seconds, "")
			if err != nil || o != lived {
				return o, err
			}
			group, seconds = nil, 0
		}
	}
	if !covered {
		return uncovered, nil
	}
	return lived, nil
}

// process runs tests of a binary, which take some seconds without a mutant, with one. It
// returns the seconds that they took.
func (b *built) process(p *binaryOf, tests []string, id int, seconds float64, traced string) (outcome, float64, error) {
	wait := time.Minute + time.Duration(4*patience*seconds*float64(time.Second))
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	limits := fmt.Sprintf(`ulimit -v %d -t %d; exec "$@"`, memory, 5+int(patience*seconds))
	cmd := exec.CommandContext(ctx, "bash", "-c", limits, "bash", p.file, "-test.failfast",
		fmt.Sprintf("-test.short=%t", b.short), "-test.run", "^("+strings.Join(tests, "|")+")$")
	cmd.Args = append(cmd.Args, p.flags...)
	cmd.Dir = p.dir
	temp, err := os.MkdirTemp(filepath.Dir(p.file), "run")
	if err != nil {
		return "", 0, errors.Wrap(err, "a temporary folder")
	}
	defer os.RemoveAll(temp)
	cmd.Env = append(os.Environ(), "MUTANT="+strconv.Itoa(id), "MUTANT_TRACE="+traced, "TMPDIR="+temp)
	// Programs that a test starts end with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	err = cmd.Run()
	if cmd.ProcessState == nil {
		return "", 0, errors.Wrap(err, "test binary")
	}
	status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
	used := (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	switch {
	case ctx.Err() != nil, status.Signaled() && status.Signal() == syscall.SIGKILL:
		return timedOut, used, nil
	case err != nil:
		return killed, used, nil
	}
	return lived, used, nil
}
