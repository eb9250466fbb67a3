package live_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/report/live"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// train runs a small training that the server watches.
func train(t *testing.T, s *live.Server, arm string) {
	t.Helper()
	m, err := models.New(models.MLP{Inputs: 2, Hidden: []int{4}, Outputs: 2}, []int{2})
	if err != nil {
		t.Fatal(err)
	}
	set := &training.Examples{Shape: []int{2}, X: []float32{0, 1, 1, 0, 1, 1, 0, 0}, Y: []int{0, 1, 0, 1}}
	tr := &training.Trainer{Model: m, Solver: &optim.SGD{LR: 0.1}, Epochs: 3, BatchSize: 2, Callbacks: []training.Callback{s.Watch(arm, 7)}}
	if _, err := tr.Fit(context.Background(), training.Data{Train: set, Validation: set}); err != nil {
		t.Fatal(err)
	}
}

type event struct {
	Figures []struct{ Title, Caption, Alt, SVG string }
	Runs    []struct {
		Name, Text string
		Done, Of   int
	}
	Finding string
}

func TestEvents(t *testing.T) {
	s := live.New("digits <b>")
	server := httptest.NewServer(s)
	defer server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got := res.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("content type is %q", got)
	}
	lines := bufio.NewReader(res.Body)
	next := func() (e event) {
		t.Helper()
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				if err := json.Unmarshal([]byte(data), &e); err != nil {
					t.Fatal(err)
				}
				return e
			}
		}
	}
	if e := next(); len(e.Runs) != 0 || len(e.Figures) != 0 {
		t.Errorf("the first event must be empty, got %+v", e)
	}
	train(t, s, "with dropout")
	s.End("found it")
	var e event
	for e = next(); e.Finding == ""; e = next() {
	}
	if len(e.Runs) != 1 || e.Runs[0].Name != "with dropout, seed 7" || e.Runs[0].Done != 3 || e.Runs[0].Of != 3 || !strings.Contains(e.Runs[0].Text, "validation error") {
		t.Errorf("runs are %+v", e.Runs)
	}
	if len(e.Figures) != 2 || !strings.Contains(e.Figures[0].SVG, "<svg") || e.Figures[0].Title == "" || e.Figures[0].Caption == "" || e.Figures[0].Alt == "" {
		t.Errorf("%d figures, want 2 SVGs", len(e.Figures))
	}
}

func TestPage(t *testing.T) {
	s := live.New("digits <b>")
	get := func(method, path string) (int, string) {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		body, _ := io.ReadAll(w.Result().Body)
		return w.Code, string(body)
	}
	if code, body := get(http.MethodGet, "/"); code != 200 || !strings.Contains(body, "digits &lt;b&gt;") || strings.Contains(body, "<b>") {
		t.Errorf("page: %d\n%s", code, body)
	}
	if code, _ := get(http.MethodGet, "/other"); code != 404 {
		t.Errorf("another path: %d, want 404", code)
	}
	if code, _ := get(http.MethodPost, "/"); code != 405 {
		t.Errorf("POST: %d, want 405", code)
	}
}

func TestListen(t *testing.T) {
	l, err := live.Listen(":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if got := l.Addr().String(); !strings.HasPrefix(got, "127.0.0.1:") {
		t.Errorf("an address without host listens on %s, want this machine alone", got)
	}
	for _, bad := range []string{"", "8080", "nowhere.invalid:80:80"} {
		if _, err := live.Listen(bad); err == nil || !strings.HasPrefix(err.Error(), "live: Listen: ") {
			t.Errorf("%q: want an error, got %v", bad, err)
		}
	}
}

// A browser shows the runs that events tell of.
func TestInBrowser(t *testing.T) {
	browser := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			browser = path
			break
		}
	}
	if browser == "" {
		t.Skip("Chromium is not installed (Debian: chromium)")
	}
	s := live.New("digits")
	train(t, s, "with dropout")
	s.End("found it")
	server := httptest.NewServer(s)
	defer server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(),
		"--timeout=3000", "--virtual-time-budget=3000", "--dump-dom", server.URL+"/").Output()
	server.CloseClientConnections()
	if err != nil {
		t.Fatalf("%s: %v", browser, err)
	}
	for _, want := range []string{"with dropout, seed 7", "<svg", "found it", "Done."} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the page must show %q, got\n%s", want, out)
		}
	}
}
