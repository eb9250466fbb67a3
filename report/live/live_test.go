package live_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/chromium"
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

// Browsers show the runs that events tell of, in two tabs, and come back after the
// connection was lost; axe-core finds nothing serious.
func TestInBrowser(t *testing.T) {
	s := live.New("digits", "without dropout", "with dropout")
	train(t, s, "with dropout")
	server := httptest.NewServer(s)
	defer server.Close()
	defer server.CloseClientConnections()
	tabs := []*chromium.Tab{chromium.Open(t), chromium.Open(t)}
	until := func(tab *chromium.Tab, what string) {
		t.Helper()
		var there bool
		tab.Eval(`new Promise(done => { const until = Date.now() + 30000, look = () => document.body.innerText.includes(`+strconv.Quote(what)+
			`) ? done(true) : Date.now() > until ? done(false) : setTimeout(look, 50); look(); })`, &there)
		if !there {
			var text string
			tab.Eval("document.body.innerText", &text)
			t.Fatalf("the page must show %q, got\n%s", what, text)
		}
	}
	for _, tab := range tabs {
		tab.Resize(360, "dark")
		tab.Load(server.URL + "/")
		until(tab, "with dropout, seed 7")
		until(tab, "epoch 3 of 3, loss ")
		until(tab, "Training: 1 of 1 runs are done so far.")
		var page struct{ Width, Figures int }
		tab.Eval(`{width: document.documentElement.scrollWidth, figures: document.querySelectorAll("figure [role=img][aria-label] svg").length}`, &page)
		if page.Width > 360 || page.Figures != 2 {
			t.Errorf("the page must have 2 figures and be 360 pixels wide, got %+v", page)
		}
		tab.Screenshot("live")
	}
	server.CloseClientConnections()
	until(tabs[0], "Trying again.")
	until(tabs[0], "Training:")
	train(t, s, "without dropout")
	s.End("found it")
	for _, tab := range tabs {
		until(tab, "without dropout, seed 7")
		until(tab, "found it")
		until(tab, "Done.")
	}
	t.Run("axe", func(t *testing.T) {
		chromium.NeedAxe(t)
		for _, scheme := range []string{"light", "dark"} {
			tabs[0].Resize(1280, scheme)
			if found := tabs[0].Axe(); len(found) > 0 {
				t.Errorf("%s: %q", scheme, found)
			}
			tabs[0].Screenshot("live-" + scheme)
		}
	})
}

// The time left is that of the epochs left at the speed of those seen, and not said
// once a run is over.
func TestTimeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := live.New("digits")
		c := s.Watch("with dropout", 1)
		r := &training.Run{Trainer: &training.Trainer{Epochs: 10}, History: &training.History{}}
		check := func(want string) {
			t.Helper()
			w := httptest.NewRecorder()
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Millisecond, cancel)
			s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/events", nil).WithContext(ctx))
			if body := w.Body.String(); want == "" && strings.Contains(body, " left") || !strings.Contains(body, want) {
				t.Errorf("want %q, got %s", want, body)
			}
		}
		if err := c.OnStart(r); err != nil {
			t.Fatal(err)
		}
		check("")
		for e := range 2 {
			time.Sleep(10 * time.Second)
			r.History.Epochs = append(r.History.Epochs, training.Epoch{Epoch: e, Loss: 0.5})
			if err := c.OnEpoch(r); err != nil {
				t.Fatal(err)
			}
		}
		check("loss 0.5000, 1:20 left")
		time.Sleep(time.Second)
		if err := c.OnEnd(r); err != nil {
			t.Fatal(err)
		}
		check("")
	})
}
