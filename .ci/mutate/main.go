// Command mutate measures how many small faults the tests of a package find.
//
//	go run ./.ci/mutate -sample 60 ./ops
//	go run ./.ci/mutate -tests ./ops,./nn ./internal/op
//
// A mutant is the package with one operator changed: < to <= or >=, + to -, ++
// to --, && to || and so on, the changes that gremlins makes. A tool that
// compiles and tests each mutant by itself spends most of its time in the
// compiler and in tests that never reach the change. This one compiles all
// mutants into one test binary, where the environment variable MUTANT chooses
// one, as in "Analysis of Mutation-Based Software Testing with Mutant Schemata"
// (Untch, Offutt and Harrold 1993), and runs only the tests that reach it. The
// changed files are an overlay of the go command: no file of the repository is
// written.
package main

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/pkg/errors"
)

type settings struct {
	packagePath string
	tests       []string // packages whose tests count as well
	sample      int
	seed        uint64
	short       bool
	file        string // mutants of files with this in their names alone
	threshold   float64
}

func main() {
	var s settings
	tests := flag.String("tests", "", "other packages whose tests count, separated by commas")
	flag.IntVar(&s.sample, "sample", 0, "number of mutants to draw; 0 takes all")
	flag.Uint64Var(&s.seed, "seed", 1, "seed of the sample")
	flag.BoolVar(&s.short, "short", false, "run the tests with -test.short")
	flag.StringVar(&s.file, "file", "", "mutants of files with this in their names alone")
	flag.Float64Var(&s.threshold, "threshold", 0, "fail if less than this per cent are killed")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: mutate [flags] PACKAGE")
		flag.PrintDefaults()
		os.Exit(2)
	}
	s.packagePath = flag.Arg(0)
	if *tests != "" {
		s.tests = strings.Split(*tests, ",")
	}
	if err := run(os.Stdout, s); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, s settings) error {
	start := time.Now()
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return errors.Wrap(err, "a folder for the binaries")
	}
	defer os.RemoveAll(dir)

	b, err := build(dir, s)
	if err != nil {
		return err
	}
	all := b.mutants
	if s.file != "" {
		all = nil
		for _, m := range b.mutants {
			if strings.Contains(m.file, s.file) {
				all = append(all, m)
			}
		}
	}
	chosen := sample(all, s.sample, s.seed)
	fmt.Fprintf(w, "%s: %d mutants, %d changes that do not compile; %d are tested (seed %d)\n",
		s.packagePath, len(all), b.dropped, len(chosen), s.seed)
	if err := b.trace(w); err != nil {
		return err
	}
	var c count
	for _, m := range chosen {
		o, err := b.test(m)
		if err != nil {
			return err
		}
		c.add(o)
		if o != killed {
			fmt.Fprintf(w, "%-11s %s\n", o, m)
		}
	}
	c.whole = len(chosen) == len(all)
	fmt.Fprintf(w, "%s: %s, in %s\n", s.packagePath, c, time.Since(start).Round(time.Second))
	if c.share() < s.threshold {
		return errors.Errorf("at least %g %% must be killed, got %.1f %%", s.threshold, c.share())
	}
	return nil
}

// sample returns n of the mutants, in order, or all of them for n = 0.
func sample(all []mutant, n int, seed uint64) []mutant {
	if n <= 0 || n >= len(all) {
		return all
	}
	keep := make([]bool, len(all))
	for _, i := range rand.New(rand.NewPCG(seed, 0)).Perm(len(all))[:n] {
		keep[i] = true
	}
	var chosen []mutant
	for i, m := range all {
		if keep[i] {
			chosen = append(chosen, m)
		}
	}
	return chosen
}
