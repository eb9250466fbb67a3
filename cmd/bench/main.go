// Command bench compares the speed of this library with that of others on the
// machine it runs on.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
)

const description = `Compare this library with PyTorch on the CPU (Debian: python3-torch), with what the machine can do at most, and its parts with gorgonia.Dropout, OpenBLAS, Gonum and copying memory; with --long also with stock Gorgonia and GoMLX's pure-Go backend.

This library uses its own matrix products, in one and in two goroutines. PyTorch has the BLAS that it comes with and an OpenBLAS with OpenMP, each with one and with two threads; the fastest variant is compared and named. Variables of the environment that choose threads or kernels of libraries are not passed on; DROPOUT_KERNEL is, and avx2 holds PyTorch and OpenBLAS to AVX2 too.

Each case runs in a process of its own. The processes of a table take turns, one at a time, for several rounds; each round counts by its fastest step, and cases are compared round by round, so that a machine that is busy with other things disturbs them alike. The order is another one in each round, with a pause between turns. Times are medians over the rounds with the quartiles behind them. The limit of a step is the time of its multiply-adds in registers, of zeros too, and of copying the bytes that it must read and write, measured as a case like any other.

Run it from the root of the repository:

    go run ./cmd/bench                      what the table of targets needs, under three minutes
    go run ./cmd/bench --long               all, more rounds and longer turns
    go run ./cmd/bench --only mlp           cases whose name matches
    go run ./cmd/bench --figures DIR        with figures of growth with width, batch and threads

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`

// cli is the grammar of the command line.
type cli struct {
	Long     bool          `help:"All cases, with more and longer rounds."`
	Only     string        `help:"Only the cases whose name matches this regular expression." placeholder:"REGEX"`
	Rounds   int           `help:"Rounds of each case; 0 means 5, or 9 with --long." placeholder:"N"`
	For      time.Duration `help:"Length of a case's turn in a round; 0 means 80ms, or 300ms with --long." placeholder:"DURATION"`
	JSON     bool          `name:"json" help:"Write everything that was measured as JSON."`
	Markdown bool          `help:"Write tables in Markdown."`
	Figures  string        `help:"Measure growth too, and draw it as bench-width, bench-batch and bench-threads, SVG and PNG, in this folder." placeholder:"DIR"`
	List     bool          `help:"List the cases and exit."`

	Python      string `default:"/usr/bin/python3" help:"Python with PyTorch."`
	OpenMPBLAS  string `name:"openmp-blas" help:"OpenBLAS built with OpenMP, libopenblas.so.0 with libblas.so.3 and liblapack.so.3 beside it; default: Debian's libopenblas0-openmp or Fedora's openblas-openmp, if installed." placeholder:"FILE"`
	PthreadBLAS string `name:"pthread-blas" help:"OpenBLAS with POSIX threads; default: Debian's libopenblas0-pthread or Fedora's openblas-threads, if installed." placeholder:"FILE"`
	GoMLX       string `name:"gomlx" default:"cmd/bench/gomlx" help:"Folder of the program that times GoMLX, which is built with the Go toolchain. Only with --long." placeholder:"DIR"`

	Worker     string `hidden:"" help:"Serve as the process of a case."`
	CPUProfile string `name:"cpuprofile" hidden:"" help:"With --worker: where to write a profile."`
}

func main() { commandLine().Main() }

func commandLine() cmdline.Program {
	return cmdline.Program{Name: "bench", Description: description, Grammar: &cli{}}
}

// Validate is called by kong.
func (c *cli) Validate() error {
	if c.Rounds < 0 || c.For < 0 {
		return errors.Errorf("--rounds and --for must not be negative, got %d and %v", c.Rounds, c.For)
	}
	if c.JSON && c.Markdown {
		return errors.New("--json and --markdown must not be given together")
	}
	if _, err := regexp.Compile(c.Only); err != nil {
		return errors.Wrap(err, "--only")
	}
	if c.Worker != "" {
		return nil
	}
	chosen := c.chosen()
	if len(chosen) == 0 {
		return errors.Errorf("--only: no case matches %q (see --list, with --long for all)", c.Only)
	}
	if c.Figures != "" && !slices.ContainsFunc(chosen, (*benchCase).drawn) {
		return errors.Errorf("--figures: --only must leave cases of width, batch or threads, got %q", c.Only)
	}
	return nil
}

// drawn says whether a case is in a figure.
func (b *benchCase) drawn() bool { return b.point != nil }

// chosen are the cases to measure. Validate has seen that Only is an expression.
func (c *cli) chosen() []*benchCase {
	only := regexp.MustCompile(c.Only)
	var chosen []*benchCase
	for _, b := range cases() {
		if (c.Long || !b.long || c.Figures != "" && b.drawn()) && only.MatchString(b.Name) {
			chosen = append(chosen, b)
		}
	}
	return chosen
}

// measurement is how the cases are measured.
func (c *cli) measurement(log io.Writer) *measurement {
	m := &measurement{rounds: 5, turn: 80 * time.Millisecond, log: log}
	if c.Long {
		m.rounds, m.turn = 9, 300*time.Millisecond
	}
	m.rounds, m.turn = cmp.Or(c.Rounds, m.rounds), cmp.Or(c.For, m.turn)
	return m
}

// Run is called by kong.
func (c *cli) Run(ctx context.Context, to *cmdline.Console) error {
	if c.Worker != "" {
		return serve(c.Worker, c.CPUProfile, to.In, to.Out)
	}
	chosen := c.chosen()
	if c.List {
		for _, b := range chosen {
			fmt.Fprintf(to.Out, "%-40s %s\n", b.Name, b.Title)
		}
		return nil
	}
	if err := isa.CheckChoice(); err != nil {
		return err
	}
	m := c.measurement(to.Log)
	p := c.programs(ctx, chosen)
	defer p.cleanUp()
	r := &result{Date: time.Now().Format(time.DateOnly), Machine: machine(), Libraries: p.describe(), Rounds: m.rounds, Turn: m.turn.String()}
	var err error
	if r.Cases, err = m.all(ctx, chosen, p); err != nil {
		return err
	}
	r.LoadAfter = load()
	r.Targets = reach(r, targets())
	if c.Figures != "" {
		if err := r.draw(c.Figures, to.Log); err != nil {
			return err
		}
	}
	if c.JSON {
		e := json.NewEncoder(to.Out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	return r.print(to.Out, c.Markdown)
}
