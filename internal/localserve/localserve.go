// Package localserve serves pages and JSON of a program to this machine: with limits, and to
// no page from elsewhere.
package localserve

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/sameorigin"
)

const (
	// slow is how long a client may take to send the head of a request; the rest may take a
	// few times as long.
	slow      = 10 * time.Second
	maxHeader = 1 << 14
)

// Run serves a handler behind [Guard] until ctx is done.
func Run(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{
		Handler: Guard(h), ReadHeaderTimeout: slow, ReadTimeout: 3 * slow, WriteTimeout: 9 * slow, IdleTimeout: 3 * slow, MaxHeaderBytes: maxHeader,
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	select {
	case <-ctx.Done():
		server.Close()
		<-served
		return nil
	case err := <-served:
		return err
	}
}

// Guard answers requests whose host, if they come to the loopback interface, names this
// machine, and whose origin is this server: no page from elsewhere can ask (DNS rebinding).
func Guard(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
		w.Header().Set("Cache-Control", "no-store")
		if !sameorigin.OwnHost(r) || !sameorigin.OwnOrigin(r) {
			http.Error(w, "the host is not this one", http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r)
	})
}
