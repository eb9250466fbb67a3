package queue

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pkg/errors"
)

func TestServerErrors(t *testing.T) {
	store := filepath.Join(t.TempDir(), "store")
	s, err := StartServer(ServerConfig{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if !strings.HasPrefix(s.Connection().URL, "nats://127.0.0.1:") {
		t.Errorf("the server must be at the loopback address, got %s", s.Connection().URL)
	}
	if _, err := StartServer(ServerConfig{Store: store}); err == nil || !strings.Contains(err.Error(), "in use by another server") {
		t.Errorf("a second server must be refused, got %v", err)
	}
	if info, err := os.Stat(filepath.Join(store, connectionFile)); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("others must not read the password, got %v, %v", info.Mode(), err)
	}
	wrong := s.Connection()
	wrong.Key, wrong.User, wrong.Password = "", User, "guess"
	if _, err := wrong.Dial(t.Context(), "test", 0); err == nil || strings.Contains(err.Error(), "guess") {
		t.Errorf("a wrong password must be refused and not shown, got %v", err)
	}
	other, err := StartServer(ServerConfig{Store: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	wrong = s.Connection()
	wrong.Key = other.Connection().Key
	if _, err := wrong.Dial(t.Context(), "test", 0); err == nil || strings.Contains(err.Error(), wrong.Key) {
		t.Errorf("a wrong key must be refused and not shown, got %v", err)
	}
	s.Close()
	if _, err := LoadConnection(store); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the key must be gone with the server, got %v", err)
	}
	for _, address := range []string{"4222", "127.0.0.1:x", "127.0.0.1:70000"} {
		if s, err := StartServer(ServerConfig{Store: t.TempDir(), Listen: address}); err == nil {
			s.Close()
			t.Errorf("address %s must be refused", address)
		}
	}
}

// A server that says nothing does not hold up whoever is told to stop.
func TestDialStops(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	start := time.Now()
	if _, err := (Connection{URL: "nats://" + l.Addr().String()}).Dial(ctx, "test", time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("want the context's error, got %v", err)
	}
	if took := time.Since(start); took > 4*time.Second { // the client's own limit is 5 s
		t.Errorf("took %v", took)
	}
}

func TestConnectionErrors(t *testing.T) {
	for _, tt := range []struct {
		c    Connection
		want string
	}{
		{Connection{URL: "http://127.0.0.1:1"}, "URL must be nats://"},
		{Connection{URL: "nats://u:secret@127.0.0.1:1"}, "must not hold a user or password"},
		{Connection{URL: "nats://example.org:4222", User: "u", Password: "secret"}, "must begin with tls://"},
		{Connection{URL: "nats://example.org:4222", Credentials: "secret"}, "must begin with tls://"},
		{Connection{URL: "nats://127.0.0.1:1", User: "u", Password: "secret"}, "no servers available"},
	} {
		if _, err := tt.c.Dial(t.Context(), "test", 0); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: want error %q without the password, got %v", tt.c.URL, tt.want, err)
		}
	}
}

// Each start has a key of its own, except after a server that was killed, whose
// clients come back. Whoever listens in its place is not told it.
func TestKeys(t *testing.T) {
	store := filepath.Join(t.TempDir(), "store")
	visit := func() Connection {
		s, err := StartServer(ServerConfig{Store: store})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		return s.Connection()
	}
	a, b := visit(), visit()
	if a.Key == b.Key || a.Key == "" {
		t.Error("two starts must have two keys")
	}
	// A server that was killed leaves its connection.
	left := []byte(`{"url":"nats://127.0.0.1:1","key":"` + a.Key + `"}`)
	if err := os.WriteFile(filepath.Join(store, connectionFile), left, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := visit(); got.Key != a.Key {
		t.Error("the clients of a server that was killed must be let in")
	}
	// What is left may be damaged too.
	if err := os.WriteFile(filepath.Join(store, connectionFile), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	visit()

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	heard := make(chan string)
	go func() {
		c, err := l.Accept()
		if err != nil {
			heard <- err.Error()
			return
		}
		defer c.Close()
		fmt.Fprint(c, "INFO {\"server_id\":\"x\",\"version\":\"2.10.0\",\"nonce\":\"abcdefgh\",\"auth_required\":true,\"max_payload\":1048576}\r\n")
		line, _ := bufio.NewReader(c).ReadString('\n')
		heard <- line
	}()
	_, _ = Connection{URL: "nats://" + l.Addr().String(), Key: a.Key}.Dial(t.Context(), "test", 0)
	if line := <-heard; !strings.HasPrefix(line, "CONNECT") || !strings.Contains(line, `"sig"`) || strings.Contains(line, a.Key) {
		t.Errorf("got %s", line)
	}
}
