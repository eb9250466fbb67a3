// Command sweep tries many settings of cmd/mnist, on one machine or several.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/completion"
	"github.com/gorgonia-dropout/dropout/internal/kernel"
)

const description = `Try many settings of cmd/mnist: hundreds of independent trainings, on one machine or several.

A sweep runs on NATS JetStream: inside this command by default, reachable from this machine only, or on a server of yours. A trial counts once, whatever is killed and when, and goes on from its checkpoint elsewhere.

Examples:

    sweep run examples/sweep.yaml           a sweep on this machine
    sweep run --name a --grid p=0,0.2,0.5   the same without a file
    sweep status                            how far the sweeps have come
    sweep results a --out report            tables and a page
    sweep server --listen 0.0.0.0:4222 --tls-cert c.pem --tls-key k.pem
    sweep worker --nats tls://host:4222 --user sweep --password-file p

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`

// cli is the grammar of the command line.
type cli struct {
	Run        runCmd             `cmd:"" help:"Make a sweep, or go on with it."`
	Worker     workerCmd          `cmd:"" help:"Make trials of whatever sweeps there are."`
	Server     serverCmd          `cmd:"" help:"Serve a store to workers of other machines."`
	Status     statusCmd          `cmd:"" help:"Show how far sweeps have come."`
	Results    resultsCmd         `cmd:"" help:"Write the results of a sweep."`
	Simulate   simulateCmd        `cmd:"" help:"Measure the overhead of a trial with workers that train nothing."`
	Completion completion.Command `cmd:"" help:"Print shell code that completes this command's flags."`
}

// console is what commands write to.
type console struct {
	out io.Writer // results
	log io.Writer // progress
}

func main() { os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr)) }

// execute runs the command line and returns the exit code.
func execute(args []string, out, log io.Writer) int {
	exited, code := false, 0
	var c cli
	parser, err := kong.New(&c, kong.Name("sweep"), kong.Description(description), kong.Writers(out, log),
		kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 100}), kong.Exit(func(n int) { exited, code = true, n }))
	if err != nil {
		fmt.Fprintln(log, "sweep:", err)
		return 1
	}
	if completion.Answer(parser, args, out) {
		return 0
	}
	if err := kernel.CheckChoice(); err != nil {
		fmt.Fprintln(log, "sweep:", err)
		return 2
	}
	parsed, err := parser.Parse(args)
	if exited {
		return code
	}
	if err != nil {
		fmt.Fprintf(log, "sweep: %v (see sweep --help)\n", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	parsed.BindTo(ctx, (*context.Context)(nil))
	switch err := parsed.Run(&console{out, log}); {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(log, "sweep: stopped")
		return 130
	case err != nil:
		fmt.Fprintln(log, "sweep:", err)
		return 1
	}
	return 0
}
