package live

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/sameorigin"
	"github.com/gorgonia-dropout/dropout/training"
)

// serve serves s at a port of this machine until the test ends.
func serve(t *testing.T, s *Server) net.Addr {
	t.Helper()
	l, err := Listen(":0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		l.Close()
		if err := <-ended; err == nil || !strings.HasPrefix(err.Error(), "live: Serve: ") {
			t.Errorf("Serve must return an error, got %v", err)
		}
	})
	return l.Addr()
}

// ask sends a request with lines of header, and returns the connection and the status.
func ask(t *testing.T, to net.Addr, path string, lines ...string) (net.Conn, *bufio.Reader, int) {
	t.Helper()
	c, err := net.Dial("tcp", to.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\n%s\r\n\r\n", path, strings.Join(lines, "\r\n"))
	r := bufio.NewReaderSize(c, 512)
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c, r, res.StatusCode
}

// grow adds an epoch to the only run of s.
func grow(s *Server, of *run, epoch int) {
	s.update(func() {
		h := *of.result.History
		h.Epochs = append(h.Epochs[:len(h.Epochs):len(h.Epochs)], training.Epoch{Epoch: epoch, Loss: 1})
		of.result.History = &h
	})
}

func running(s *Server) *run {
	r := &run{arm: "a", epochs: 1000}
	r.result.Arm, r.result.History = "a", &training.History{}
	s.update(func() { s.runs, s.arms = append(s.runs, r), []string{"a"} })
	return r
}

// A full house is let in, and the next is told so. When some leave, others get in.
// What the house costs is its connections: the events are not held once for each.
func TestCrowd(t *testing.T) {
	s := New("digits")
	r := running(s)
	for i := range 500 {
		grow(s, r, i)
	}
	at := serve(t, s)
	host := "Host: " + at.String()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	conns := make([]net.Conn, maxListeners)
	for i := range conns {
		var status int
		if conns[i], _, status = ask(t, at, "/events", host); status != 200 {
			t.Fatalf("listener %d: status %d", i, status)
		}
	}
	if _, r, status := ask(t, at, "/events", host); status != 503 {
		t.Errorf("one too many: want status 503, got %d", status)
	} else if _, err := io.Copy(io.Discard, r); err != nil {
		t.Error(err)
	}
	if _, _, status := ask(t, at, "/", host); status != 200 {
		t.Errorf("the page: status %d", status)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	size := uint64(len(s.last.data))
	if grown := after.HeapAlloc - min(after.HeapAlloc, before.HeapAlloc); grown > maxListeners*(32<<10)+4*size {
		t.Errorf("%d listeners of an event of %d B take %d B", len(conns), size, grown)
	}
	for _, c := range conns {
		c.Close()
	}
	// All are gone without another event.
	for len(s.listeners) > 0 {
		time.Sleep(time.Millisecond)
	}
	if _, _, status := ask(t, at, "/events", host); status != 200 {
		t.Errorf("after others have left: status %d", status)
	}
}

// writer is a response that keeps no more than a count.
type writer struct {
	header http.Header
	mu     *sync.Mutex
	seen   map[*byte]bool // where the events are in memory
	events *int
}

func (w writer) Header() http.Header { return w.header }
func (w writer) WriteHeader(int)     {}
func (w writer) Flush()              {}
func (w writer) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[&b[0]] = true
	*w.events++
	return len(b), nil
}

// Two hundred listeners, who come at different times, see a run whose epochs take a
// millisecond: figures are drawn at most four times a second, and once for all.
func TestOneDrawingForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New("digits")
		r := running(s)
		w := writer{header: http.Header{}, mu: new(sync.Mutex), seen: map[*byte]bool{}, events: new(int)}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				own := w
				own.header = http.Header{}
				s.ServeHTTP(own, (&http.Request{Method: http.MethodGet, URL: at("/events")}).WithContext(ctx))
			})
		}
		for i := range 2000 {
			grow(s, r, i)
			time.Sleep(time.Millisecond)
		}
		cancel()
		wg.Wait()
		if drawn := len(w.seen); drawn < 8 || drawn > 9 {
			t.Errorf("2 s of changes must be drawn 8 or 9 times, got %d", drawn)
		}
		if *w.events < 200*8 || *w.events > 200*9 {
			t.Errorf("200 listeners must get each, got %d in all", *w.events)
		}
	})
}

// Only names of this machine reach a server on its loopback interface, and its events
// only its own page.
func TestStrangers(t *testing.T) {
	s := New("digits")
	s.End("found")
	to := serve(t, s)
	_, port, _ := net.SplitHostPort(to.String())
	for _, tt := range []struct {
		path, host, header string
		status             int
	}{
		{"/", to.String(), "", 200},
		{"/", "localhost:" + port, "", 200},
		{"/", "LOCALHOST.:" + port, "", 200},
		{"/", "localhost", "", 200},
		{"/", "[::1]:" + port, "", 200},
		{"/", "127.8.9.1:" + port, "", 200},
		{"/", "evil.example", "", 403},
		{"/", "evil.example:" + port, "", 403},
		{"/", "localhost.evil.example", "", 403},
		{"/", "127.0.0.1.evil.example:" + port, "", 403},
		{"/", "10.0.0.1:" + port, "", 403},
		{"/", "", "", 403},
		{"/events", "evil.example:" + port, "", 403},
		{"/events", to.String(), "", 200},
		{"/events", to.String(), "Origin: http://" + to.String(), 200},
		{"/events", to.String(), "Origin: http://evil.example", 403},
		{"/events", to.String(), "Origin: http://localhost:1", 403},
		{"/events", to.String(), "Origin: null", 403},
		{"/events", to.String(), "Sec-Fetch-Site: same-origin", 200},
		{"/events", to.String(), "Sec-Fetch-Site: none", 200},
		{"/events", to.String(), "Sec-Fetch-Site: cross-site", 403},
		{"/events", to.String(), "Sec-Fetch-Site: same-site", 403},
		{"/", to.String(), "Sec-Fetch-Site: cross-site", 200}, // a link
		{"/", to.String(), "Content-Length: 100000", 400},
	} {
		lines := []string{"Host: " + tt.host, "Connection: close"}
		if tt.header != "" {
			lines = append(lines, tt.header)
		}
		if _, _, status := ask(t, to, tt.path, lines...); status != tt.status {
			t.Errorf("%s from %q with %q: want status %d, got %d", tt.path, tt.host, tt.header, tt.status, status)
		}
	}
	// From another machine any name will do: the address was opened on purpose.
	r := (&http.Request{Method: http.MethodGet, Host: "lab.example", URL: at("/")}).WithContext(
		context.WithValue(t.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1)}))
	if !sameorigin.OwnHost(r) {
		t.Error("a name of another interface must be answered")
	}
}

// The last event ends the connection, so that its descriptor is free.
func TestEndOfConnection(t *testing.T) {
	s := New("digits")
	s.End("found")
	to := serve(t, s)
	_, r, _ := ask(t, to, "/events", "Host: localhost")
	body, err := io.ReadAll(r)
	if err != nil || !bytes.Contains(body, []byte(`"finding":"found"`)) {
		t.Errorf("%.200q, %v", body, err)
	}
}

func at(path string) *url.URL { return &url.URL{Path: path} }
