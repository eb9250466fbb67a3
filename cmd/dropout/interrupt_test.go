package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
)

// TestInterrupted cancels a comparison as Ctrl-C does: what was finished is shown and kept.
func TestInterrupted(t *testing.T) {
	path, dir := write(t, "prices.csv", dirty()), runDir(filepath.Join(t.TempDir(), "run"))
	c := &compareCmd{
		settings: settings{Data: path, Target: []string{"price"}, Folds: 2, Repeats: 1, Epochs: 2, Seed: 1, Size: 32, Characters: 1000},
		Rounds:   10_000, Time: time.Hour, Workers: 1, Out: dir,
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		// Both arms of a split, at least.
		for range 3000 {
			if b, err := os.ReadFile(dir.path("trials.jsonl")); err == nil && bytes.Count(b, []byte("\n")) >= 6 {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	var out, log bytes.Buffer
	err := c.Run(ctx, &cmdline.Console{Out: &out, Log: &log})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("must end by the cancellation, got %v", err)
	}
	if !strings.Contains(out.String(), "with dropout") || !strings.Contains(log.String(), "go on with: dropout compare --resume") {
		t.Errorf("what is finished must be shown, and how to go on, got\n%s%s", out.String(), log.String())
	}
	if again := must(t, "compare", "--resume", string(dir), "--rounds", "1"); !strings.Contains(again, "95 % interval") {
		t.Errorf("must go on, got\n%s", again)
	}
}

// address is what serve prints.
var address = regexp.MustCompile(`http://\S+/ `)

func TestServe(t *testing.T) {
	path, dir := write(t, "prices.csv", dirty()), filepath.Join(t.TempDir(), "run")
	compareQuickly(t, dir, path, "-t", "price")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := (&serveCmd{Dir: runDir(dir), Address: "127.0.0.1:0", Passes: 2}).Run(ctx, &cmdline.Console{Out: io.Discard, Log: w})
		w.CloseWithError(io.EOF)
		ended <- err
	}()
	line := make([]byte, 4096)
	n, err := r.Read(line)
	if err != nil {
		t.Fatal(err, <-ended)
	}
	go io.Copy(io.Discard, r)
	url := strings.TrimSpace(address.FindString(string(line[:n])))
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || !strings.Contains(string(b), "Predict price") {
		t.Errorf("the form must be served, got %v and %s", err, b)
	}
	http.DefaultClient.CloseIdleConnections()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
