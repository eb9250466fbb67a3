// Command sweep tries many settings of cmd/mnist, on one machine or several.
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
	"github.com/gorgonia-dropout/dropout/internal/shell"
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
	if err := isa.CheckChoice(); err != nil {
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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	defer context.AfterFunc(ctx, stop)() // a second signal ends the process at once
	parsed.BindTo(ctx, (*context.Context)(nil))
	err = parsed.Run(&console{out, log})
	var wrong usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &wrong):
		fmt.Fprintf(log, "%s (see sweep %s --help)\n", said(err), parsed.Selected().Name)
		return 2
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(log, "sweep: stopped")
		if parsed.Selected().Name == "run" {
			fmt.Fprintf(log, "Go on with it: sweep %s\n", shell.Quote(args...))
		}
		return 130
	}
	fmt.Fprintln(log, said(err))
	return 1
}

// said returns an error with the name of the command before it, once.
func said(err error) string { return "sweep: " + strings.TrimPrefix(err.Error(), "sweep: ") }

// usageError is the error of a command line, or of the spec that it names.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{errors.Errorf(format, args...)} }

// usage marks an error as one of the command line.
func usage(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return usageError{err}
}
