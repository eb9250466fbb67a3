// Package livepage serves the page of a sweep while it runs: its results so far, how many
// trials are done, and what the workers are at.
package livepage

import (
	"bytes"
	"context"
	_ "embed" // for the page
	"html/template"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/plaintext"
	"github.com/gorgonia-dropout/dropout/internal/sameorigin"
	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/internal/sweep/figures"
	"github.com/gorgonia-dropout/dropout/internal/sweep/queue"
	"github.com/gorgonia-dropout/dropout/report"
)

//go:embed page.html.tmpl
var source string

var page = template.Must(template.New("live").Parse(source))

// A Look is what there is of a sweep at some time.
type Look struct {
	Results map[string]sweep.Result
	State   queue.State
	Workers []queue.WorkerState
	Left    time.Duration // the time left, 0 if it is not known
}

// A Page serves the page of a sweep. It implements [http.Handler].
type Page struct {
	Spec *sweep.Spec
	// Look returns what there is now. It is called only for pages that are open, and not
	// more often than every two seconds, or than leaves nine tenths of the time.
	Look func(context.Context) (*Look, error)

	mu   sync.Mutex
	next time.Time // when to look again
	last []byte
	err  error
}

const (
	// every is the time between looks.
	every = 2 * time.Second
	// patience is how long a client may take to ask, or to read an answer.
	patience = 10 * time.Second
)

// Serve serves the page at a listener until ctx is done.
func (p *Page) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: p, ReadTimeout: patience, WriteTimeout: 6 * patience, IdleTimeout: 3 * patience, MaxHeaderBytes: 1 << 14}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return errors.Wrap(err, "livepage: Serve")
	}
	return nil
}

// ServeHTTP serves the page at / and what it shows at /content. A request that reaches this
// machine's loopback interface is answered if its Host names this machine.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	case !sameorigin.OwnHost(r):
		http.Error(w, "the host is not this one", http.StatusForbidden)
		return
	}
	var b bytes.Buffer
	switch r.URL.Path {
	case "/":
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		if err := page.ExecuteTemplate(&b, "live", struct {
			Name   string
			Style  template.CSS
			Script template.JS
			Every  int64
		}{p.Spec.Name, report.PageStyle(), report.PageScript(), every.Milliseconds()}); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	case "/content":
		if site := r.Header.Get("Sec-Fetch-Site"); !sameorigin.OwnOrigin(r) || site != "" && site != "same-origin" && site != "none" {
			http.Error(w, "this is for the page alone", http.StatusForbidden)
			return
		}
		text, err := p.content(r.Context())
		if err != nil {
			http.Error(w, plaintext.Line(err.Error()), http.StatusServiceUnavailable)
			return
		}
		b.Write(text)
	default:
		http.NotFound(w, r)
		return
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	_, _ = b.WriteTo(w) // the client may be gone
}

// content returns what the page shows, the same for all who ask at about the same time.
func (p *Page) content(ctx context.Context) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Now().Before(p.next) {
		return p.last, p.err
	}
	// Another may still want what this client has not waited for.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	start := time.Now()
	p.last, p.err = p.draw(ctx)
	p.next = time.Now().Add(max(every, 9*time.Since(start)) - 100*time.Millisecond)
	return p.last, p.err
}

// running is a trial under way.
type running struct {
	Worker, Trial, Text string
	Done, Of            int64
}

func (p *Page) draw(ctx context.Context) ([]byte, error) {
	look, err := p.Look(ctx)
	if err != nil {
		return nil, err
	}
	var results bytes.Buffer
	if err := figures.WriteContent(&results, p.Spec, look.Results); err != nil {
		return nil, err
	}
	v := struct {
		State   queue.State
		Running []running
		Left    string
		Results template.HTML
	}{State: look.State, Results: template.HTML(results.String())}
	if look.Left > 0 {
		v.Left = look.Left.Round(time.Second).String()
	}
	for _, w := range look.Workers {
		if w.Sweep != p.Spec.Name || len(w.Trial) < 8 {
			continue
		}
		r := running{Worker: w.Name, Trial: w.Trial[:8], Done: max(0, w.Done), Of: w.Total, Text: "for " + w.For().String()}
		v.Running = append(v.Running, r)
	}
	var b bytes.Buffer
	err = page.ExecuteTemplate(&b, "now", v)
	return b.Bytes(), errors.Wrap(err, "livepage")
}
