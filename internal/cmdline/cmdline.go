// Package cmdline runs the programs in cmd and examples: it parses the command
// line with kong, stops at signals, and turns the result into an exit code.
package cmdline

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
	"github.com/gorgonia-dropout/dropout/internal/plaintext"
)

// The exit codes of all programs.
const (
	done        = 0
	failed      = 1
	wrongUsage  = 2
	interrupted = 130
)

// A Program is a command-line program. Its grammar is a pointer to a struct for
// kong. The grammar, or each of its commands, has a method Run, which may take
// a [context.Context] that a signal cancels, and a [*Console].
type Program struct {
	Name        string
	Description string
	Grammar     any
	JSON        *bool // the flag for results as JSON, if there is one
	// Explain, if set, adds to an error about the command line.
	Explain func(error) error
	// Interrupted, if set, says how to continue a command that a signal has
	// stopped.
	Interrupted func(command string, args []string) string
}

// A Console is what a program reads from and writes to.
type Console struct {
	In   io.Reader
	Out  io.Writer // results
	Log  io.Writer // progress
	JSON bool      // results as JSON; Execute sets it from the flag
	Args []string  // of the command line
}

// Logf writes one line about the progress, whatever is in the names that it is given.
func (c *Console) Logf(format string, args ...any) {
	fmt.Fprintln(c.Log, plaintext.Line(fmt.Sprintf(format, args...)))
}

// Main runs the program with this process's command line and ends the process.
func (p Program) Main() {
	os.Exit(p.Execute(&Console{In: os.Stdin, Out: os.Stdout, Log: os.Stderr, Args: os.Args[1:]}))
}

// Execute runs the program and returns the exit code: 0 done, 1 failed, 2 wrong
// usage, 130 interrupted. Failing to write results is a failure, so a full disk
// does not look like success. A second signal ends the process at once.
func (p Program) Execute(c *Console) int {
	results := &results{w: c.Out}
	to := *c
	to.Out = results
	parsed, code := p.parse(&to)
	if parsed == nil {
		return code
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	to.JSON = p.JSON != nil && *p.JSON
	defer context.AfterFunc(ctx, stop)()
	parsed.BindTo(ctx, (*context.Context)(nil))
	err := parsed.Run()
	if err == nil {
		err = errors.Wrap(results.err, "results")
	}
	return p.end(&to, parsed, err)
}

// parse parses the command line. If nothing is left to run, it returns the exit
// code and no context.
func (p Program) parse(c *Console) (*kong.Context, int) {
	exited, code := false, done
	parser, err := kong.New(p.Grammar, kong.Name(p.Name), kong.Description(p.Description), kong.Writers(c.Out, c.Log),
		kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 100}), kong.Bind(c),
		kong.Exit(func(n int) { exited, code = true, n }))
	if err != nil {
		c.Logf("%s", p.said(err))
		return nil, failed
	}
	if completion.Answer(parser, c.Args, c.Out) {
		return nil, done
	}
	if err := isa.CheckChoice(); err != nil {
		c.Logf("%s", p.said(err))
		return nil, wrongUsage
	}
	parsed, err := parser.Parse(c.Args)
	if exited {
		return nil, code
	}
	if err != nil {
		if p.Explain != nil {
			err = p.Explain(err)
		}
		c.Logf("%s (see %s --help)", p.said(err), p.Name)
		return nil, wrongUsage
	}
	return parsed, done
}

// end reports how the program ended and returns the exit code.
func (p Program) end(c *Console, parsed *kong.Context, err error) int {
	name, command := p.Name, ""
	if n := parsed.Selected(); n != nil {
		command = n.Name
		name += " " + command
	}
	var wrong usageError
	switch {
	case err == nil:
		return done
	case errors.As(err, &wrong):
		c.Logf("%s (see %s --help)", p.said(err), name)
		return wrongUsage
	case errors.Is(err, context.Canceled):
		c.Logf("%s: stopped", p.Name)
		if p.Interrupted != nil {
			if how := p.Interrupted(command, c.Args); how != "" {
				c.Logf("%s", how)
			}
		}
		return interrupted
	}
	c.Logf("%s", p.said(err))
	return failed
}

// said returns err with the name of the program in front, just once: a package
// may have the same name.
func (p Program) said(err error) string {
	return p.Name + ": " + strings.TrimPrefix(err.Error(), p.Name+": ")
}

// usageError is an error about the command line, or about a file named on it.
type usageError struct{ error }

// Usagef returns an error about the command line, which ends the program with
// exit code 2.
func Usagef(format string, args ...any) error { return usageError{errors.Errorf(format, args...)} }

// Usage makes err an error about the command line, unless a signal caused it.
func Usage(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return usageError{err}
}

// Terminal reports whether the results are shown on a terminal.
func (c *Console) Terminal() bool {
	return terminal(c.Out) != nil
}

// results remembers that writing failed.
type results struct {
	w   io.Writer
	err error
}

// Write writes to the results.
func (r *results) Write(b []byte) (int, error) {
	n, err := r.w.Write(b)
	if r.err == nil {
		r.err = err
	}
	return n, err
}
