// Command mnist trains one network on MNIST without and with dropout and shows
// what dropout does to its errors.
package main

import (
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/completion"
)

const description = `Train one network on handwritten digits (MNIST) without and with dropout, with several seeds, and compare.

With no arguments it takes about half a minute on two cores. The defaults of both arms were chosen on a validation set: see docs/tuning.md.

Examples:

    mnist                                   the default comparison
    mnist train --help                      all settings
    mnist --train 60000 --hidden 1024,1024,1024 --max-norm 3 --epochs 60
    mnist -p 0.5 --input-p 0 --seeds 5      another rate, more seeds
    mnist --out runs/a                      keep the records, models and a report
    mnist --resume runs/a                   resume an interrupted run
    mnist eval runs/a                       test the models, with and without Monte Carlo dropout
    mnist eval runs/a runs/b                compare runs
    mnist export runs/a --onnx a.onnx       the network for other runtimes
    mnist verify runs/a                     is every file whole and of this run
    mnist predict runs/a digit.png          which digit is that, and how sure
    mnist serve runs/a                      draw digits in the browser

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`

// cli is the grammar of the command line.
type cli struct {
	Train      trainCmd           `cmd:"" default:"withargs" help:"Train without and with dropout and compare (the default)."`
	Eval       evalCmd            `cmd:"" help:"Test the models of a run, or compare those of several."`
	Export     exportCmd          `cmd:"" help:"Write a model as ONNX, or its weights for PyTorch."`
	Predict    predictCmd         `cmd:"" help:"Say which digit an image shows."`
	Serve      serveCmd           `cmd:"" help:"Serve a page to draw digits on, and JSON, on this machine."`
	Verify     verifyCmd          `cmd:"" help:"Check the files of a run: their checksums, and that they belong together."`
	Report     reportCmd          `cmd:"" help:"Write the report of a run again."`
	Explain    explainCmd         `cmd:"" help:"List the layers of the network, or draw it as a graph."`
	Bench      benchCmd           `cmd:"" help:"Time training steps."`
	Completion completion.Command `cmd:"" help:"Print shell code that completes this command's flags."`

	Config configFlag `help:"JSON or YAML file with values of flags, such as the config.json of a run; flags on the command line override it." placeholder:"FILE"`
	JSON   bool       `name:"json" help:"Write results as JSON."`
}

func main() { commandLine().Main() }

func commandLine() cmdline.Program {
	c := &cli{}
	return cmdline.Program{Name: "mnist", Description: description, Grammar: c, JSON: &c.JSON, Explain: func(err error) error {
		if c.Config == "" || strings.HasPrefix(err.Error(), string(c.Config)) {
			return err
		}
		return errors.WithMessagef(err, "with the values of %s", c.Config)
	}}
}
