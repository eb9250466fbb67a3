package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/records"
	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/regression"
	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/mnist"
)

const (
	committedRecords = "records"
	committedPages   = "../../docs/paper"
)

// Each committed file is of an experiment, and is what would be written of its
// records.
func TestCommittedRecords(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(committedRecords, "*.jsonl"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("want files of records, got %v, %v", paths, err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			name := strings.TrimSuffix(filepath.Base(path), ".jsonl")
			if set, ok := strings.CutPrefix(name, regression.Name+"-"); ok {
				if len(regression.SetsNamed([]string{set})) == 0 {
					t.Error("the file must be named after a set")
				}
				checkCommitted[regression.Record](t, path)
				return
			}
			if s, ok := find(name); !ok || s.recordFile(committedRecords) != path {
				t.Error("the file must be named after an experiment")
			}
			checkCommitted[record](t, path)
		})
	}
}

// checkCommitted checks that a file is what would be written of its records.
func checkCommitted[R records.Record](t *testing.T, path string) {
	t.Helper()
	committed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var written bytes.Buffer
	for _, r := range copyRecords[R](t, t.TempDir(), filepath.Base(path)).All() {
		line, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		written.Write(append(line, '\n'))
	}
	if !bytes.Equal(written.Bytes(), committed) {
		t.Error("the file must have the lines in the order and form in which they are written")
	}
}

// The committed pages are what the commands on them make of the committed records,
// without a training: there are no images to train on.
func TestCommittedPages(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(committedPages, "*", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("want pages, got %v, %v", pages, err)
	}
	command := regexp.MustCompile(`(?m)^    go run ./cmd/paper (.*)$`)
	for _, page := range pages {
		name := strings.TrimSuffix(filepath.Base(page), ".md")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			found := command.FindSubmatch(want)
			if found == nil {
				t.Fatal("the page must have its command")
			}
			dir := t.TempDir()
			if err := committedRun(t, dir, name, strings.Fields(string(found[1]))); err != nil {
				t.Fatal(err)
			}
			// What follows depends on the machine and the version.
			results := func(page []byte) string {
				before, _, ok := strings.Cut(string(page), "\nMeans over ")
				if !ok {
					t.Error("the page must say how it was trained")
				}
				return before
			}
			got, err := os.ReadFile(filepath.Join(dir, name, name+".md"))
			if err != nil {
				t.Fatal(err)
			}
			if results(got) != results(want) {
				t.Errorf("%s must be\n%s", page, results(got))
			}
			table, err := os.ReadFile(filepath.Join(committedPages, name, name+".csv"))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(filepath.Join(dir, name, name+".csv")); err != nil || !bytes.Equal(got, table) {
				t.Errorf("%s.csv must be\n%s%v", name, got, err)
			}
		})
	}
}

// committedRun runs a command line over a copy of the committed records, with
// results in dir.
func committedRun(t *testing.T, dir, name string, args []string) error {
	t.Helper()
	var c cli
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil || c.Name != name {
		t.Fatalf("%s: got the command of %s, %v", name, c.Name, err)
	}
	if name == regression.Name {
		b := regression.BudgetNamed(c.Budget)
		b.Passes = cmp.Or(c.Passes, b.Passes)
		sets, files := regression.SetsNamed(c.Sets), make(regression.Records)
		for _, s := range sets {
			files[s.Name] = copyRecords[regression.Record](t, dir, regression.Name+"-"+s.Name+".jsonl")
		}
		l := &regression.Run{
			Sets: sets, Budget: b, Label: c.Budget, Seed: c.Seed, Workers: 1, Dir: filepath.Join(dir, name),
			Records: files, Log: io.Discard, Args: args,
			Train: func(_ context.Context, trial regression.Trial, _ *datasets.Table, _ datasets.Fold) (*regression.Record, error) {
				return nil, errors.Errorf("the committed records must have %v, got none", trial)
			},
		}
		return l.Run(context.Background(), io.Discard)
	}
	s, _ := find(name)
	none := &sets{train: &mnist.Set{Labels: make([]uint8, 60000)}, test: &mnist.Set{Labels: make([]uint8, 10000)}}
	l := &studyRun{
		study: s, budget: c.budget(s.budgets[c.Budget]), label: c.Budget, tune: c.Tune, small: c.Small, seed: c.Seed, workers: 1, dir: filepath.Join(dir, name),
		records: copyRecords[record](t, dir, filepath.Base(s.recordFile(dir))), sets: none, log: io.Discard, args: args, every: time.Hour,
	}
	return l.run(context.Background(), io.Discard)
}

// copyRecords returns a copy in dir of a file of committed records.
func copyRecords[R records.Record](t *testing.T, dir, file string) *records.File[R] {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(committedRecords, file))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, file)
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	kept, err := records.Open[R](path)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

// Experiments share trainings where they share a file alone: others would make them
// again.
func TestSharedTrials(t *testing.T) {
	for _, label := range []string{"quick", "hours", "full"} {
		files := make(map[string]string)
		for _, s := range studies {
			l := &studyRun{study: s, budget: s.budgets[label]}
			for _, a := range s.arms(l.budget) {
				key, err := l.trial(a, 1).key()
				if err != nil {
					t.Fatal(err)
				}
				file := s.recordFile("")
				if other := files[key]; other != "" && other != file {
					t.Errorf("%s of %s, budget %s: want the file %s, got %s", a.Name, s.name, label, other, file)
				}
				files[key] = file
			}
		}
	}
}
