package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/fulldisk/points"
)

// TestFaults fails each step of each file of a study on a disk that is full or broken: the
// error says why, and the same command then ends as an undisturbed one, without training
// anew what was kept.
func TestFaults(t *testing.T) {
	numbers := func(l *studyRun) string {
		b, err := os.ReadFile(filepath.Join(l.dir, l.study.name+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	start := func() *studyRun {
		l := tinyRun(t, table10, io.Discard)
		l.workers = 1
		return l
	}
	whole := start()
	places := points.Of(func() {
		if err := whole.run(context.Background(), io.Discard); err != nil {
			t.Fatal(err)
		}
	})
	if len(places) < 12 {
		t.Errorf("want the steps of all files, got %v", places)
	}
	want, files := numbers(whole), make(map[string]bool)
	for i, at := range places {
		files[at.File] = true
		// Every other place: each takes a training of nine networks.
		if i%2 == 1 {
			continue
		}
		l, full := start(), points.Errors[i/2%2]
		var err error
		points.Fail(at, full, func() { err = l.run(context.Background(), io.Discard) })
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
		if got := numbers(l); got != want {
			t.Errorf("%v: want\n%s\ngot\n%s", at, want, got)
		}
	}
	t.Logf("%d failing steps of %d files", (len(places)+1)/2, len(files))
}
