package cmdline_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/fulldisk"
)

// grammar is that of a program that does what its argument says.
type grammar struct {
	Do doCmd `cmd:"" help:"Do it."`
}

type doCmd struct {
	What string `arg:""`
	N    int    `default:"1" help:"A number."`
}

func (c *doCmd) Run(ctx context.Context, to *cmdline.Console) error {
	switch c.What {
	case "print":
		_, _ = fmt.Fprintln(to.Out, "printed", c.N)
	case "fail":
		return errors.New("prog: boom")
	case "misuse":
		return cmdline.Usagef("--n must be even, got %d", c.N)
	case "misused":
		return cmdline.Usage(errors.New("file.yaml: wrong"))
	case "hostile":
		return errors.New("a\n prog: all is well\x1b[2J\u202e")
	case "stop":
		return errors.Wrap(context.Canceled, "on the way")
	}
	return ctx.Err()
}

func program() cmdline.Program {
	return cmdline.Program{
		Name: "prog", Description: "A program.", Grammar: &grammar{},
		Explain:     func(err error) error { return errors.WithMessage(err, "explained") },
		Interrupted: func(command string, args []string) string { return command + " " + strings.Join(args, ",") },
	}
}

func TestExecute(t *testing.T) {
	for _, tt := range []struct {
		args, out, log string
		code           int
	}{
		{"do print --n 3", "printed 3\n", "", 0},
		{"do fail", "", "prog: boom\n", 1},
		{"do misuse", "", "prog: --n must be even, got 1 (see prog do --help)\n", 2},
		{"do misused", "", "prog: file.yaml: wrong (see prog do --help)\n", 2},
		{"do hostile", "", "prog: a  prog: all is well\uFFFD[2J\uFFFD\n", 1},
		{"do stop", "", "prog: stopped\ndo do,stop\n", 130},
		{"do print --many", "", "prog: explained: unknown flag --many (see prog --help)\n", 2},
	} {
		var out, log strings.Builder
		code := program().Execute(&cmdline.Console{Args: strings.Fields(tt.args), Out: &out, Log: &log})
		if code != tt.code || out.String() != tt.out || log.String() != tt.log {
			t.Errorf("%s: want exit %d, %q and %q, got %d, %q and %q", tt.args, tt.code, tt.out, tt.log, code, out.String(), log.String())
		}
	}
}

// A full disk is a failure, also where the program does not look.
func TestFullDisk(t *testing.T) {
	var log strings.Builder
	code := program().Execute(&cmdline.Console{Args: []string{"do", "print"}, Out: &fulldisk.Disk{}, Log: &log})
	if code != 1 || !strings.HasPrefix(log.String(), "prog: results: ") {
		t.Errorf("want exit 1 and the reason, got %d and %q", code, log.String())
	}
}

func TestHelp(t *testing.T) {
	var out, log strings.Builder
	if code := program().Execute(&cmdline.Console{Args: []string{"--help"}, Out: &out, Log: &log}); code != 0 || !strings.Contains(out.String(), "A program.") {
		t.Errorf("exit %d, %s%s", code, out.String(), log.String())
	}
}

// What wants to know of a signal is no error of the command line.
func TestUsage(t *testing.T) {
	if err := cmdline.Usage(nil); err != nil {
		t.Errorf("want none, got %v", err)
	}
	var log strings.Builder
	p := program()
	p.Grammar = &struct {
		Do stopCmd `cmd:""`
	}{}
	if code := p.Execute(&cmdline.Console{Args: []string{"do"}, Out: &log, Log: &log}); code != 130 {
		t.Errorf("want exit 130, got %d and %q", code, log.String())
	}
}

type stopCmd struct{}

func (stopCmd) Run() error { return cmdline.Usage(errors.WithStack(context.Canceled)) }

func TestUnknownKernel(t *testing.T) {
	t.Setenv("DROPOUT_KERNEL", "bogus")
	var log strings.Builder
	if code := program().Execute(&cmdline.Console{Args: []string{"do", "print"}, Out: &log, Log: &log}); code != 2 || !strings.Contains(log.String(), "DROPOUT_KERNEL") {
		t.Errorf("want exit 2, got %d and %q", code, log.String())
	}
}
