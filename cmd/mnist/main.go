// Command mnist trains one network on MNIST without and with dropout and shows
// what dropout does to its errors.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/blas"
)

const description = `Train one network on handwritten digits (MNIST) without and with dropout, with several seeds, and compare.

With no flags it takes about a minute on two cores. The defaults of both arms were chosen on a validation set: see docs/tuning.md.

Examples:

    mnist                                 the default comparison
    mnist --train 60000 --hidden 1024,1024,1024 --max-norm 3 --epochs 60
    mnist -p 0.2 --input-p 0 --seeds 5    a lower rate, more seeds
    mnist --validation 10000 --out runs   choose settings, keep the records`

func main() {
	var c settings
	parser := kong.Parse(&c, kong.Name("mnist"), kong.Description(description),
		kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 100}))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fmt.Fprintln(os.Stderr, useBLAS(&c))
	err := run(ctx, &c, os.Stdout, os.Stderr)
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "mnist: stopped")
		os.Exit(130)
	}
	parser.FatalIfErrorf(err)
}

// useBLAS gives Gorgonia the best BLAS there is and describes it. Runs that go on
// side by side share the cores better than threads of one product do.
func useBLAS(c *settings) string {
	b := blas.Find()
	gorgonia.Use(b)
	if threads := max(1, runtime.NumCPU()/min(c.Workers, 2*c.Seeds)); b.Library() != "" && threads < b.Threads() {
		// A library that cannot be told runs as many as it likes.
		_ = b.SetThreads(threads)
	}
	return b.Describe()
}
