// Command dropout says whether dropout helps on your data: how much, and at which rates. It
// trains networks without and with it, tunes both alike, and keeps the better one to predict
// with.
package main

import (
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/completion"
)

const description = `Find out whether dropout helps on your data, how much, and at which rates.

Examples:

    dropout compare houses.csv --target price          a table, in two minutes
    dropout compare houses.csv --target price --dry-run   only say what it would do
    dropout compare visits.tsv --target ill --group patient --time 10m
    dropout compare pictures/                          a folder of images by class
    dropout compare book.txt                           a text: predict the next character
    dropout compare --resume runs/houses               go on with an interrupted run
    dropout compare houses.csv --target price --nats tls://host:4222   by all workers
    dropout worker houses.csv --nats tls://host:4222   train for it on another machine
    dropout predict runs/houses new.csv                predict new rows, with uncertainty
    dropout serve runs/houses                          a form in the browser, and JSON
    dropout export runs/houses model                   weights, and a Go program that loads them

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`

// cli is the grammar of the command line.
type cli struct {
	Compare    compareCmd         `cmd:"" help:"Compare networks without and with dropout on a table, images or text."`
	Worker     workerCmd          `cmd:"" help:"Train for comparisons on other machines, by a server."`
	Predict    predictCmd         `cmd:"" help:"Add predictions to a table of new rows."`
	Serve      serveCmd           `cmd:"" help:"Serve a model on this machine: a form, and JSON."`
	Export     exportCmd          `cmd:"" help:"Write a model for other programs: weights, and a Go program that loads them."`
	Report     reportCmd          `cmd:"" help:"Write the report of a run again."`
	Verify     verifyCmd          `cmd:"" help:"Check that the files of a run are whole and belong together."`
	Completion completion.Command `cmd:"" help:"Print shell code that completes this command's flags."`

	JSON bool `name:"json" help:"Write results as JSON."`
}

func main() { commandLine().Main() }

func commandLine() cmdline.Program {
	c := &cli{}
	return cmdline.Program{Name: "dropout", Description: description, Grammar: c, JSON: &c.JSON}
}
