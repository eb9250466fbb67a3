// Command sweep tries many settings of cmd/mnist, or of any program, on one machine or several.
package main

import (
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/completion"
	"github.com/gorgonia-dropout/dropout/internal/shell"
)

const description = `Try many settings of cmd/mnist, or of any program: hundreds of independent trainings, on one machine or several.

A sweep runs on NATS JetStream: inside this command by default, reachable from this machine only, or on a server of yours. A trial counts once, whatever is killed and when, and resumes from its checkpoint elsewhere.

Examples:

    sweep run examples/sweep.yaml           a sweep on this machine
    sweep run --name a --grid p=0,0.2,0.5   the same without a file
    sweep status                            progress of the sweeps
    sweep results a --out report            tables and a page
    sweep server --listen 0.0.0.0:4222 --tls-cert c.pem --tls-key k.pem
    sweep worker --nats tls://host:4222 --user sweep --password-file p

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`

// cli is the grammar of the command line.
type cli struct {
	Run        runCmd             `cmd:"" help:"Run a sweep, or resume it."`
	Worker     workerCmd          `cmd:"" help:"Run trials of all sweeps."`
	Server     serverCmd          `cmd:"" help:"Serve a store to workers on other machines."`
	Status     statusCmd          `cmd:"" help:"Show the progress of sweeps."`
	Results    resultsCmd         `cmd:"" help:"Write the results of a sweep."`
	Simulate   simulateCmd        `cmd:"" help:"Measure the overhead of a trial with workers that train nothing."`
	Trial      trialCmd           `cmd:"" hidden:"" help:"Run the trials on the standard input."`
	Completion completion.Command `cmd:"" help:"Print shell code that completes this command's flags."`
}

func main() { commandLine().Main() }

func commandLine() cmdline.Program {
	return cmdline.Program{Name: "sweep", Description: description, Grammar: &cli{}, Interrupted: func(command string, args []string) string {
		if command != "run" {
			return ""
		}
		return "Resume with: sweep " + shell.Quote(args...)
	}}
}
