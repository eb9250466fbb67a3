package main

import (
	"context"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
)

var pageAddress = regexp.MustCompile(`http://[^/]+/`)

// A sweep shows its results so far on a page, which ends with it.
func TestServe(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r, w := io.Pipe()
	ended := make(chan error, 1)
	c := &runCmd{
		server: server{storeFlag: storeFlag{Store: filepath.Join(t.TempDir(), "store")}},
		Name:   "shown", Grid: []string{"p=0,0.2,0.4"}, Serve: ":0", Out: t.TempDir(),
	}
	// Without workers nothing is done, and the page says so.
	go func() {
		err := c.Run(ctx, &cmdline.Console{Out: io.Discard, Log: w})
		w.CloseWithError(io.EOF)
		ended <- err
	}()
	var log strings.Builder
	url := ""
	for b := make([]byte, 4096); url == ""; {
		n, err := r.Read(b)
		log.Write(b[:n])
		if err != nil {
			t.Fatalf("%v, %v: %s", err, <-ended, log.String())
		}
		url = pageAddress.FindString(log.String())
	}
	go io.Copy(io.Discard, r)
	get := func(path string) string {
		res, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if got := get(""); !strings.Contains(got, "<h1>Sweep shown</h1>") {
		t.Errorf("got %s", got)
	}
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		got := get("content")
		if strings.Contains(got, "of 3 trials done") {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the page must say how many trials are done, got %s", got)
		}
	}
	stop()
	if err := <-ended; err == nil {
		t.Error("a run that was stopped must say so")
	}
	if _, err := http.Get(url); err == nil {
		t.Error("the page must end with the sweep")
	}
	// An address that cannot be is named.
	if _, log, code := command(t, "run", "--name", "a", "--grid", "p=0", "--store", t.TempDir(), "--serve", "no address"); code == 0 || !strings.Contains(log, "--serve: live: Listen: address must be HOST:PORT") {
		t.Errorf("got %d: %s", code, log)
	}
}
