package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// listening is a log that calls a function with the address of the page, and one
// when the training is done.
type listening struct {
	mu   sync.Mutex
	text strings.Builder
	page func(url string)
	done func()
}

var address = regexp.MustCompile(`Learning curves: (http://\S+)`)

func (l *listening) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(b)
	if m := address.FindSubmatch(b); m != nil {
		l.page(string(m[1]))
	}
	if strings.Contains(string(b), "until Ctrl-C") {
		l.done()
	}
	return len(b), nil
}

// --serve shows the curves until it is interrupted, and leaves nothing behind.
func TestServe(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	c, err := parse(t, append([]string{"--serve", ":0"}, small...)...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	events := make(chan string, 1)
	seen := make(chan struct{})
	log := &listening{
		page: func(url string) {
			go func() {
				defer close(seen)
				res, err := http.Get(url + "events")
				if err != nil {
					events <- err.Error()
					return
				}
				defer res.Body.Close()
				body, _ := io.ReadAll(res.Body) // the last event has the finding
				events <- string(body)
			}()
		},
		// Interrupted when the page has got all.
		done: func() { go func() { <-seen; cancel() }() },
	}
	var out strings.Builder
	if err := c.Run(ctx, &cmdline.Console{Out: &out, Log: log}); err != nil {
		t.Fatalf("%v\n%s", err, log.text.String())
	}
	if got := <-events; !strings.Contains(got, "data: {") || !strings.Contains(got, "with dropout, seed 1") {
		t.Errorf("events are %.300q", got)
	}
	http.DefaultClient.CloseIdleConnections()

	c.Serve = "no address"
	if err := c.Run(context.Background(), &cmdline.Console{Out: io.Discard, Log: io.Discard}); err == nil || !strings.HasPrefix(err.Error(), "--serve: live: Listen: address must be HOST:PORT") {
		t.Errorf("want an error about the address, got %v", err)
	}
}

// --json writes the settings, the finding and the runs.
func TestJSON(t *testing.T) {
	out, log, code := command(append([]string{"--json"}, small...)...)
	var got struct {
		Settings map[string]any
		Finding  string
		Runs     []experiment.Result
	}
	if err := json.Unmarshal([]byte(out), &got); code != 0 || err != nil || got.Settings["train"] != 200.0 || len(got.Runs) != 2 || got.Finding == "" {
		t.Errorf("exit %d, %v\n%s%s", code, err, out, log)
	}
}
