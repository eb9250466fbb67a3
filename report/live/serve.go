package live

import (
	_ "embed" // for the page
	"html/template"
	"net"
	"net/http"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/sameorigin"
	"github.com/gorgonia-dropout/dropout/report"
)

//go:embed page.html.tmpl
var pageSource string

// page is executed with a view.
var page = template.Must(template.New("live").Parse(pageSource))

// view is what the page is made from.
type view struct {
	Title  string
	Style  template.CSS
	Script template.JS
}

const (
	// maxListeners is the greatest number of pages that get events at the same time.
	maxListeners = 256
	// patience is how long a listener may take to read an event.
	patience = 10 * time.Second
)

// Listen opens a listener at an address such as ":8080". Without a host it is
// that of this machine alone: to be reachable from others an address must say so,
// as "0.0.0.0:8080" does.
func Listen(address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, errors.Errorf("live: Listen: address must be HOST:PORT or :PORT, got %q", address)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	return l, errors.Wrap(err, "live: Listen")
}

// Serve serves the page at a listener until that is closed, and then ends all
// connections. Clients that are slow to ask or to read, or idle, are not waited for.
// The error is never nil.
func (s *Server) Serve(l net.Listener) error {
	server := &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 30 * time.Second, MaxHeaderBytes: 1 << 14}
	defer server.Close()
	return errors.Wrap(server.Serve(l), "live: Serve")
}

// ServeHTTP serves the page and its events. A request that reaches this machine's
// loopback interface is answered if its Host names this machine, as localhost and
// 127.0.0.1 do; so a page from elsewhere, whose name is made to lead here (DNS
// rebinding), can't read anything. Nor can the pages of other origins.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	// Some writers have no deadlines, such as those of tests.
	out := http.NewResponseController(w)
	_ = out.SetWriteDeadline(time.Now().Add(patience))
	if r.ContentLength != 0 {
		_ = out.SetReadDeadline(time.Now().Add(patience))
		w.Header().Set("Connection", "close")
		http.Error(w, "only requests without a body", http.StatusBadRequest)
		return
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
	if !sameorigin.OwnHost(r) {
		http.Error(w, "the host is not this one", http.StatusForbidden)
		return
	}
	switch r.URL.Path {
	case "/":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		// The client may be gone: nobody is left to tell.
		_ = page.Execute(w, view{s.title, report.PageStyle(), report.PageScript()})
	case "/events":
		if site := r.Header.Get("Sec-Fetch-Site"); !sameorigin.OwnOrigin(r) || site != "" && site != "same-origin" && site != "none" {
			http.Error(w, "events are for this page alone", http.StatusForbidden)
			return
		}
		s.events(w, r, out)
	default:
		http.NotFound(w, r)
	}
}

// events sends the messages until the last or until the client goes.
func (s *Server) events(w http.ResponseWriter, r *http.Request, out *http.ResponseController) {
	w.Header().Set("Connection", "close") // its descriptor is free at the end
	select {
	case s.listeners <- struct{}{}:
		defer func() { <-s.listeners }()
	default:
		w.Header().Set("Retry-After", "10")
		http.Error(w, "too many pages are open", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	if r.Method == http.MethodHead {
		return
	}
	for {
		m, err := s.message()
		if err != nil {
			return
		}
		_ = out.SetWriteDeadline(time.Now().Add(patience))
		if _, err := w.Write(m.data); err != nil || out.Flush() != nil {
			return
		}
		if m.final || m.wait(r.Context()) != nil {
			return // after the last the page does not ask again
		}
	}
}
