package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pkg/errors"

	faults "github.com/gorgonia-dropout/dropout/internal/fulldisk/points"
)

// column is the last one of a study's table: how long each training took.
var column = regexp.MustCompile(`,[0-9.]+\n`)

// TestFaults fails each step of each file of a study on a disk that is full or broken: the
// error says why, and the same command then ends as an undisturbed one, without training
// anew what was kept.
func TestFaults(t *testing.T) {
	numbers := func(l *studyRun) string {
		b, err := os.ReadFile(filepath.Join(l.dir, l.study.name+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		return column.ReplaceAllString(string(b), "\n")
	}
	start := func() *studyRun {
		l := tinyRun(t, table10, io.Discard)
		l.workers = 1
		return l
	}
	whole := start()
	places := faults.Of(func() {
		if err := whole.run(context.Background(), io.Discard); err != nil {
			t.Fatal(err)
		}
	})
	if len(places) < 12 {
		t.Errorf("want the steps of all files, got %v", places)
	}
	want, files := numbers(whole), make(map[string]bool)
	for _, at := range places {
		files[at.File] = true
	}
	places = faults.Some(places, 3)
	for i, at := range places {
		l, full := start(), faults.Errors[i%2]
		var err error
		faults.Fail(at, full, func() { err = l.run(context.Background(), io.Discard) })
		if !errors.Is(err, full) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: want one line with %v, got %v", at, full, err)
		}
		var log bytes.Buffer
		l.log = &log
		kept, err := openRecords[record](l.records.path)
		if err != nil {
			t.Errorf("%v: records must be whole, got %v", at, err)
			continue
		}
		l.records = kept
		if err := l.run(context.Background(), io.Discard); err != nil {
			t.Errorf("%v: must go on, got %v", at, err)
			continue
		}
		for _, dir := range []string{l.dir, filepath.Dir(l.records.path)} {
			if left, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(left) > 0 {
				t.Errorf("%v: nothing half-written must be left, got %q, %v", at, left, err)
			}
		}
		if got := numbers(l); got != want {
			t.Errorf("%v: want\n%s\ngot\n%s", at, want, got)
		}
	}
	t.Logf("%d failing steps of %d files (all with %s=1)", len(places), len(files), faults.EveryVariable)
}
