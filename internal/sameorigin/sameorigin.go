// Package sameorigin tells requests of a server's own pages from those that pages
// from elsewhere send.
package sameorigin

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// OwnHost tells whether a request that has come to the loopback interface names this
// machine as its host, as localhost and 127.0.0.1 do. The page of another site whose name
// is made to lead here (DNS rebinding) does not. Where a request has come from another
// machine, any name will do.
func OwnHost(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok || !local.IP.IsLoopback() {
		return true
	}
	host := (&url.URL{Host: r.Host}).Hostname()
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback()
	}
	return strings.EqualFold(strings.TrimSuffix(host, "."), "localhost")
}

// OwnOrigin tells whether a request is from a page of this server, as far as it says.
func OwnOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}
