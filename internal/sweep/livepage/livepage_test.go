package livepage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/chromium"
	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/internal/sweep/queue"
)

// half returns the page of a sweep of which half is done.
func half(t *testing.T) *Page {
	t.Helper()
	s := &sweep.Spec{
		Name: "half", Method: sweep.Random, Trials: 40,
		Space: map[string]sweep.Range{"p": {Uniform: &[2]float64{0, 1}}, "lr": {Log: &[2]float64{0.001, 1}}},
	}
	if err := s.Complete(); err != nil {
		t.Fatal(err)
	}
	l := &Look{Results: make(map[string]sweep.Result), Left: 90 * time.Second}
	for i := range 20 {
		p := float64(i) / 20
		config, err := json.Marshal(map[string]any{"lr": float64(1+i*7%20) / 1000, "p": p, "seed": 1})
		if err != nil {
			t.Fatal(err)
		}
		trial, err := sweep.NewTrial(s.Name, s.Program, config)
		if err != nil {
			t.Fatal(err)
		}
		l.Results[trial.ID] = sweep.Result{Trial: trial, Outcome: sweep.Outcome{Metrics: map[string]float64{"error": 0.02 + (p-0.3)*(p-0.3)/5}}}
	}
	l.State = queue.State{Total: 40, Done: 20, Failed: 1, Waiting: 20}
	id := strings.Repeat("0123456789abcdef", 2)
	l.Workers = []queue.WorkerState{
		{Name: "local-1-0", Sweep: "half", Trial: id, Seconds: 3723, Done: 3, Total: 10},
		{Name: "<b>-1", Sweep: "half", Trial: id},
		{Name: "idle"},
		{Name: "elsewhere", Sweep: "other", Trial: id},
	}
	return &Page{Spec: s, Look: func(context.Context) (*Look, error) { return l, nil }}
}

func get(t *testing.T, h http.Handler, path string, header ...string) (string, *http.Response) {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
	}
	res, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b), res
}

// The page says what is done, what is running and what was best so far.
func TestContent(t *testing.T) {
	got, res := get(t, half(t), "/content")
	if res.StatusCode != 200 {
		t.Fatalf("status %d: %s", res.StatusCode, got)
	}
	for _, want := range []string{"20 of 40 trials done, 2 running, about 1m30s left; 1 failed.", "Lowest error: 2.00 %", `max="40" value="20"`, `max="10" value="3"`, "local-1-0: 01234567", "for 1h2m3s", "&lt;b&gt;-1", "Importance of settings", "<svg"} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in %.3000s", want, got)
		}
	}
	for _, bad := range []string{"<b>-1", "idle", "elsewhere"} {
		if strings.Contains(got, bad) {
			t.Errorf("got %q", bad)
		}
	}
	// Before the first trial has ended there is a page as well.
	p := half(t)
	p.Look = func(context.Context) (*Look, error) { return &Look{State: queue.State{Total: 40}}, nil }
	if got, _ := get(t, p, "/content"); !strings.Contains(got, "No trial has ended yet.") || !strings.Contains(got, "0 of 40 trials done") {
		t.Errorf("got %s", got)
	}
}

// One look serves all who ask at the same time, and an error is said.
func TestLooks(t *testing.T) {
	p := half(t)
	inner, looks := p.Look, 0
	p.Look = func(ctx context.Context) (*Look, error) { looks++; return inner(ctx) }
	for range 5 {
		get(t, p, "/content")
	}
	if looks != 1 {
		t.Errorf("want one look, got %d", looks)
	}
	p = half(t)
	p.Look = func(context.Context) (*Look, error) { return nil, errors.New("the server\nis away") }
	if got, res := get(t, p, "/content"); res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(got, "the server is away") {
		t.Errorf("got %d: %s", res.StatusCode, got)
	}
}

// Only pages of this server get anything.
func TestForeign(t *testing.T) {
	p := half(t)
	for _, tt := range []struct {
		path   string
		header []string
		status int
	}{
		{"/", nil, 200},
		{"/content", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"/content", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"/content", []string{"Origin", "https://example.com"}, 403},
		{"/", []string{"Host", "example.com"}, 403},
		{"/etc/passwd", nil, 404},
	} {
		if got, res := get(t, p, tt.path, tt.header...); res.StatusCode != tt.status || res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%+v: got %d: %s", tt, res.StatusCode, got)
		}
	}
}

// The page fits the screen, and axe-core finds nothing serious.
func TestInChromium(t *testing.T) {
	browser := chromium.Open(t)
	server := httptest.NewServer(half(t))
	defer server.Close()
	for _, width := range []int{390, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			browser.Resize(width, scheme)
			browser.Load(server.URL)
			var seen struct {
				Width, Figures int
				State          string
			}
			for end := time.Now().Add(30 * time.Second); seen.Figures == 0 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
				browser.Eval(`({width: document.documentElement.scrollWidth, figures: document.querySelectorAll("figure svg").length, state: document.getElementById("state").textContent})`, &seen)
			}
			if seen.Width > width || seen.Figures != 5 || seen.State != "The page follows the sweep." {
				t.Errorf("%d pixels, %s: got %+v", width, scheme, seen)
			}
			browser.Screenshot("sweep-live-" + strconv.Itoa(width) + "-" + scheme)
			t.Run(fmt.Sprint("axe-", width, "-", scheme), func(t *testing.T) {
				chromium.NeedAxe(t)
				if found := browser.Axe(); len(found) > 0 {
					t.Errorf("got %q", found)
				}
			})
		}
	}
}
