// Package queue gives trials of sweeps to workers over NATS JetStream and
// collects their results, each exactly once, whatever is killed and when.
// [Queue.Run] runs a sweep, [Worker.Run] its trials, and [StartServer] starts a
// server inside the process.
package queue

import (
	"context"
	"net"
	"net/url"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"github.com/pkg/errors"
)

// A Connection says how to reach a NATS server. Its secrets are never part of
// an error.
type Connection struct {
	URL string `json:"url"` // such as nats://127.0.0.1:4222 or tls://host:4222
	// Key is the seed of an nkey. It signs a challenge of the server and never
	// leaves this machine, so whoever takes over a server's port does not learn
	// it.
	Key string `json:"key,omitempty"`
	// Temporary says that the server runs inside a command and ends with it.
	Temporary bool `json:"temporary,omitempty"`

	User           string `json:"-"`
	Password       string `json:"-"`
	Credentials    string `json:"-"` // file with a JWT and its key, as nsc writes it
	CA             string `json:"-"` // file with the certificates to trust; "": the system's
	Certificate    string `json:"-"` // file with a client certificate, and
	CertificateKey string `json:"-"` // with its key
	// Insecure allows sending a password over the network in the clear, which
	// is otherwise rejected.
	Insecure bool `json:"-"`
}

// Dial connects, and reconnects whenever the connection is lost. It waits for
// the first connection up to the given time, or until ctx is done.
func (c Connection) Dial(ctx context.Context, name string, wait time.Duration) (*nats.Conn, error) {
	options, err := c.options(name)
	if err != nil {
		return nil, errors.WithMessage(err, "sweep: Dial")
	}
	for end := time.Now().Add(wait); ; pause(ctx, 100*time.Millisecond) {
		nc, err := connect(ctx, c.URL, options)
		if err == nil {
			return nc, nil
		}
		if ctx.Err() != nil || time.Now().After(end) || errors.Is(err, nats.ErrAuthorization) {
			return nil, errors.Wrapf(err, "sweep: Dial: %s", c.URL)
		}
	}
}

// connect returns when ctx is done, even if the server stays silent.
func connect(ctx context.Context, url string, options []nats.Option) (*nats.Conn, error) {
	type outcome struct {
		nc  *nats.Conn
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		nc, err := nats.Connect(url, options...) // it takes 5 s at most
		done <- outcome{nc, err}
	}()
	select {
	case o := <-done:
		return o.nc, o.err
	case <-ctx.Done():
		go func() {
			if o := <-done; o.nc != nil {
				o.nc.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

func (c Connection) options(name string) ([]nats.Option, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || (u.Scheme != "nats" && u.Scheme != "tls") {
		return nil, errors.New("URL must be nats://HOST:PORT or tls://HOST:PORT") // it may hold a password
	}
	if u.User != nil {
		return nil, errors.New("URL must not hold a user or password, which other users of the machine could read: use the options for them")
	}
	secret := c.Password != "" || c.Credentials != ""
	if secret && u.Scheme != "tls" && !loopback(u.Hostname()) && !c.Insecure {
		return nil, errors.Errorf("URL must begin with tls:// where a password goes to another machine, got %s", c.URL)
	}
	options := []nats.Option{
		nats.Name(name), nats.MaxReconnects(-1), nats.ReconnectWait(100 * time.Millisecond),
		nats.ReconnectJitter(100*time.Millisecond, 500*time.Millisecond), nats.Timeout(5 * time.Second),
	}
	if c.Key != "" {
		key, err := nkeys.FromSeed([]byte(c.Key))
		if err != nil {
			return nil, errors.New("key must be the seed of an nkey")
		}
		public, err := key.PublicKey()
		if err != nil {
			return nil, errors.New("key must be the seed of an nkey")
		}
		options = append(options, nats.Nkey(public, key.Sign))
	}
	if c.User != "" {
		options = append(options, nats.UserInfo(c.User, c.Password))
	}
	if c.Credentials != "" {
		options = append(options, nats.UserCredentials(c.Credentials))
	}
	if c.CA != "" {
		options = append(options, nats.RootCAs(c.CA))
	}
	if c.Certificate != "" || c.CertificateKey != "" {
		options = append(options, nats.ClientCert(c.Certificate, c.CertificateKey))
	}
	return options, nil
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
