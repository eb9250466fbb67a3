package sameorigin

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestRequests(t *testing.T) {
	loopback, other := net.IPv4(127, 0, 0, 1), net.IPv4(192, 0, 2, 1)
	for name, tt := range map[string]struct {
		at           net.IP
		host, origin string
		ours, same   bool
	}{
		"this machine":            {loopback, "localhost:8080", "", true, true},
		"its page":                {loopback, "LocalHost.:80", "http://localhost.:80", true, true},
		"its address":             {loopback, "[::1]:8080", "http://[::1]:8080", true, true},
		"another name":            {loopback, "evil.example", "", false, true},
		"an address from outside": {loopback, "192.0.2.1:8080", "", false, true},
		"another page":            {loopback, "localhost:8080", "http://evil.example", true, false},
		"another port":            {loopback, "localhost:8080", "http://localhost:81", true, false},
		"a page of a file":        {loopback, "localhost:8080", "null", true, false},
		"no origin at all":        {loopback, "localhost:8080", "://", true, false},
		"another machine":         {other, "lab.example:8080", "http://lab.example:8080", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: tt.at}))
			r.Host = tt.host
			if tt.origin != "" {
				r.Header.Set("Origin", tt.origin)
			}
			if got := OwnHost(r); got != tt.ours {
				t.Errorf("own host: want %v, got %v", tt.ours, got)
			}
			if got := OwnOrigin(r); got != tt.same {
				t.Errorf("own origin: want %v, got %v", tt.same, got)
			}
		})
	}
}
