// Command mnist trains one network on MNIST without and with dropout and shows
// what dropout does to its errors.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/completion"
	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
)

const description = `Train one network on handwritten digits (MNIST) without and with dropout, with several seeds, and compare.

With no arguments it takes about a minute on two cores. The defaults of both arms were chosen on a validation set: see docs/tuning.md.

Examples:

    mnist                                   the default comparison
    mnist train --help                      all that can be set
    mnist --train 60000 --hidden 1024,1024,1024 --max-norm 3 --epochs 60
    mnist -p 0.5 --input-p 0 --seeds 5      another rate, more seeds
    mnist --out runs/a                      keep the records, models and a report
    mnist --resume runs/a                   go on with what was interrupted
    mnist eval runs/a                       test the models, plain and by Monte-Carlo dropout
    mnist predict runs/a digit.png          which digit is that, and how sure

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`

// cli is the grammar of the command line.
type cli struct {
	Train      trainCmd           `cmd:"" default:"withargs" help:"Train without and with dropout and compare (the default)."`
	Eval       evalCmd            `cmd:"" help:"Test the models of a run."`
	Predict    predictCmd         `cmd:"" help:"Say which digit an image shows."`
	Report     reportCmd          `cmd:"" help:"Write the report of a run again."`
	Explain    explainCmd         `cmd:"" help:"List the layers of the network, or draw it as a graph."`
	Bench      benchCmd           `cmd:"" help:"Time training steps."`
	Completion completion.Command `cmd:"" help:"Print shell code that completes this command's flags."`

	Config configFlag `help:"JSON or YAML file with values of flags, such as the config.json of a run; those on the command line override it." placeholder:"FILE"`
	JSON   bool       `name:"json" help:"Write results as JSON."`
}

// console is what commands write to.
type console struct {
	out  io.Writer // results
	log  io.Writer // progress
	json bool
}

func main() { os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr)) }

// execute runs the command line and returns the exit code.
func execute(args []string, out, log io.Writer) int {
	exited, code := false, 0
	var c cli
	parser, err := kong.New(&c, kong.Name("mnist"), kong.Description(description), kong.Writers(out, log),
		kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 100}),
		kong.Exit(func(n int) { exited, code = true, n }))
	if err != nil {
		fmt.Fprintln(log, "mnist:", err)
		return 1
	}
	if completion.Answer(parser, args, out) {
		return 0
	}
	if err := isa.CheckChoice(); err != nil {
		fmt.Fprintln(log, "mnist:", err)
		return 2
	}
	parsed, err := parser.Parse(args)
	if exited {
		return code
	}
	if err != nil {
		if c.Config != "" && !strings.HasPrefix(err.Error(), string(c.Config)) {
			err = errors.WithMessagef(err, "with the values of %s", c.Config)
		}
		fmt.Fprintf(log, "mnist: %v (see mnist --help)\n", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	parsed.BindTo(ctx, (*context.Context)(nil))
	results := &results{w: out}
	err = parsed.Run(&console{results, log, c.JSON})
	if err == nil {
		err = errors.Wrap(results.err, "results")
	}
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(log, "mnist: stopped")
		return 130
	case err != nil:
		// Errors of package mnist begin with the same word.
		fmt.Fprintln(log, "mnist:", strings.TrimPrefix(err.Error(), "mnist: "))
		return 1
	}
	return 0
}

// results remember that they could not be written: a full disk must not look like
// success.
type results struct {
	w   io.Writer
	err error
}

func (r *results) Write(b []byte) (int, error) {
	n, err := r.w.Write(b)
	if r.err == nil {
		r.err = err
	}
	return n, err
}
