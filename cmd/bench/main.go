// Command bench compares the speed of this library with that of others on the
// machine it runs on.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
)

const description = `Measure dropout and training steps side by side: this library, gorgonia.Dropout and stock Gorgonia, copying memory, and, where they are there, PyTorch on the CPU (Debian: python3-torch) and GoMLX's pure-Go backend.

Each case runs in a process of its own. The processes take turns, one at a time, for several rounds; each round counts by its fastest step, and cases are compared round by round, so that a machine that is busy with other things disturbs them alike. The order is another one in each round, with a pause between turns. Times are medians over the rounds with the quartiles behind them.

Run it from the root of the repository:

    go run ./cmd/bench                      all, a few minutes
    go run ./cmd/bench --quick              what the table at the end needs, under a minute
    go run ./cmd/bench --only mlp           cases whose name matches

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`

// cli is the grammar of the command line.
type cli struct {
	Quick  bool          `help:"Only the cases of the table at the end, with fewer and shorter rounds."`
	Only   string        `help:"Only the cases whose name matches this regular expression." placeholder:"REGEX"`
	Rounds int           `help:"Rounds of each case; 0 means 9, or 5 with --quick." placeholder:"N"`
	For    time.Duration `help:"Length of a case's turn in a round; 0 means 300ms, or 100ms with --quick." placeholder:"DURATION"`
	JSON   bool          `name:"json" help:"Write everything that was measured as JSON."`
	List   bool          `help:"List the cases and exit."`
	Python string        `default:"/usr/bin/python3" help:"Python with PyTorch."`
	GoMLX  string        `name:"gomlx" default:"cmd/bench/gomlx" help:"Folder of the program that times GoMLX, which is built with the Go toolchain. Not with --quick." placeholder:"DIR"`

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
	if _, err := regexp.Compile(c.Only); err != nil {
		return errors.Wrap(err, "--only")
	}
	if c.Worker == "" && len(c.chosen()) == 0 {
		return errors.Errorf("--only: no case matches %q (see --list)", c.Only)
	}
	return nil
}

// chosen are the cases to measure. Validate has seen that Only is an expression.
func (c *cli) chosen() []*benchCase {
	only := regexp.MustCompile(c.Only)
	var chosen []*benchCase
	for _, b := range cases() {
		if (b.quick || !c.Quick) && only.MatchString(b.Name) {
			chosen = append(chosen, b)
		}
	}
	return chosen
}

// Run is called by kong.
func (c *cli) Run(ctx context.Context, to *cmdline.Console) error {
	if c.Worker != "" {
		return serve(c.Worker, c.CPUProfile, to.In, to.Out)
	}
	chosen := c.chosen()
	if c.List {
		for _, b := range chosen {
			fmt.Fprintf(to.Out, "%-28s %s\n", b.Name, b.Title)
		}
		return nil
	}
	m := &measurement{rounds: c.Rounds, turn: c.For, log: to.Log}
	if m.rounds == 0 {
		m.rounds = 9
		if c.Quick {
			m.rounds = 5
		}
	}
	if m.turn == 0 {
		m.turn = 300 * time.Millisecond
		if c.Quick {
			m.turn = 100 * time.Millisecond
		}
	}
	programs, cleanUp := c.programs(ctx, chosen)
	defer cleanUp()
	r := &result{Date: time.Now().Format(time.DateOnly), Machine: machine(), Rounds: m.rounds, Turn: m.turn.String()}
	var err error
	if r.Cases, err = m.all(ctx, chosen, programs); err != nil {
		return err
	}
	r.LoadAfter = load()
	r.Reach = reach(r)
	if c.JSON {
		e := json.NewEncoder(to.Out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	return r.print(to.Out)
}
