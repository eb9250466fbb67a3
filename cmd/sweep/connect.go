package main

import (
	"context"
	"crypto/tls"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/internal/sweep/connect"
	"github.com/gorgonia-dropout/dropout/internal/sweep/queue"
)

// programs returns the programs that workers can run.
func programs(checkpoints time.Duration) map[string]sweep.Program {
	return map[string]sweep.Program{"mnist": &mnistProgram{every: checkpoints}, "fake": fake{}}
}

// storeFlag says where the server inside this command keeps its data.
type storeFlag struct {
	Store string `group:"Server" default:"sweeps" env:"SWEEP_STORE" help:"Directory of the server inside this command." type:"path" placeholder:"DIR"`
}

// server holds the flags that say how to reach a server.
type server struct {
	storeFlag
	connect.Flags
}

// connection returns how to reach the server that the flags name, or the one at
// work on the store.
func (s *server) connection() (queue.Connection, error) {
	if s.NATS == "" {
		return queue.LoadConnection(s.Store)
	}
	return s.Connection()
}

// A session is a connection to a server, which may be inside this process.
type session struct {
	*queue.Queue
	nc         *nats.Conn
	mu         sync.Mutex // guards server while following
	server     *queue.Server
	connection queue.Connection
	owner      bool // no other command used the store
	follow     sync.WaitGroup
	stop       context.CancelFunc
}

// open connects to the server of the flags. Without --nats that is the server
// at work on the store or, if there is none, a new one inside this process.
func (s *server) open(ctx context.Context, name string) (*session, error) {
	o := &session{stop: func() {}}
	var err error
	if s.NATS != "" {
		if o.connection, err = s.connection(); err != nil {
			return nil, err
		}
		o.nc, err = o.connection.Dial(ctx, name, 10*time.Second)
	} else {
		err = o.share(ctx, s.Store, name)
	}
	if err == nil {
		o.Queue, err = queue.Open(ctx, o.nc, 0)
	}
	if err != nil {
		o.Close()
		return nil, err
	}
	return o, nil
}

// share connects to the server at work on a store, or starts one. Commands that
// are started together race for the store's lock: those that do not get it wait
// until they can reach the one that did.
func (o *session) share(ctx context.Context, store, name string) error {
	for end := time.Now().Add(20 * time.Second); ; {
		var err error
		if o.connection, err = queue.LoadConnection(store); err == nil {
			// If that server is gone, its store is free.
			if o.nc, err = o.connection.Dial(ctx, name, 0); err == nil {
				if o.connection.Temporary {
					var following context.Context
					following, o.stop = context.WithCancel(ctx)
					o.follow.Go(func() { o.succeed(following, store) })
				}
				return nil
			}
		}
		unreached := err
		o.server, err = queue.StartServer(queue.ServerConfig{Store: store, Temporary: true})
		switch {
		case err == nil:
			o.connection, o.owner = o.server.Connection(), true
			o.nc, err = o.server.Connect()
			return err
		case !errors.Is(err, queue.ErrInUse):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case time.Now().After(end):
			if o.connection.URL != "" {
				err = errors.WithMessagef(err, "--nats must say how the server at %s is reached (%v)", o.connection.URL, unreached)
			}
			return err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// succeed becomes the server when the command that was it has ended: its
// clients reconnect to the same address.
func (o *session) succeed(ctx context.Context, store string) {
	address := strings.TrimPrefix(o.connection.URL, "nats://")
	for {
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return
		}
		if o.nc.IsConnected() {
			continue
		}
		// One of the waiting commands gets the store's lock.
		if server, err := queue.StartServer(queue.ServerConfig{Store: store, Listen: address, Key: o.connection.Key, Temporary: true}); err == nil {
			o.mu.Lock()
			o.server = server
			o.mu.Unlock()
			return
		}
	}
}

// guard returns the error of a server inside this process that can keep nothing more,
// and nil when ctx is done.
func (o *session) guard(ctx context.Context) error {
	for {
		o.mu.Lock()
		server := o.server
		o.mu.Unlock()
		if server != nil {
			return server.Watch(ctx, 2*time.Second)
		}
		select {
		case <-time.After(time.Second): // another command has it, and may end
		case <-ctx.Done():
			return nil
		}
	}
}

// Close ends the connection, and the server if it is inside this process.
func (o *session) Close() {
	o.stop()
	o.follow.Wait()
	if o.nc != nil {
		o.nc.Close()
	}
	if o.server != nil {
		o.server.Close()
	}
}

// serverCmd serves a store.
type serverCmd struct {
	storeFlag
	Listen       string        `default:"127.0.0.1:4222" help:"Address to listen at; other machines can connect only if it names a host that they reach." placeholder:"HOST:PORT"`
	TLSCert      string        `name:"tls-cert" help:"File with the server's certificate." type:"existingfile" placeholder:"FILE"`
	TLSKey       string        `name:"tls-key" help:"File with its key." type:"existingfile" placeholder:"FILE"`
	PasswordFile string        `help:"File with the password of the user sweep, which other machines need, instead of the variable SWEEP_PASSWORD." type:"existingfile" placeholder:"FILE"`
	Insecure     bool          `help:"Allow passwords over the network in the clear."`
	Sync         bool          `help:"Sync each message to disk, so that a power failure loses none."`
	AckWait      time.Duration `default:"30s" help:"How long a worker may give no sign of life before its trial goes to another. Set when a store is created."`
}

// Run is called by kong.
func (c *serverCmd) Run(ctx context.Context, to *cmdline.Console) error {
	config, err := c.config()
	if err != nil {
		return cmdline.Usage(err)
	}
	s, err := queue.StartServer(config)
	if err != nil {
		return err
	}
	defer s.Close()
	nc, err := s.Connect()
	if err != nil {
		return err
	}
	defer nc.Close()
	if _, err := queue.Open(ctx, nc, c.AckWait); err != nil {
		return err
	}
	to.Logf("Serving %s at %s. The user is %s.", c.Store, s.Connection().URL, queue.User)
	return s.Watch(ctx, 2*time.Second)
}

// config checks the flags.
func (c *serverCmd) config() (queue.ServerConfig, error) {
	config := queue.ServerConfig{Store: c.Store, Listen: c.Listen, Sync: c.Sync}
	if c.TLSCert != "" || c.TLSKey != "" {
		pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
		if err != nil {
			return config, errors.Wrap(err, "--tls-cert")
		}
		config.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	var err error
	if config.Password, err = connect.Password(c.PasswordFile); err != nil {
		return config, err
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return config, errors.Errorf("--listen must be HOST:PORT, got %q", c.Listen)
	}
	if ip := net.ParseIP(host); host == "" || host == "localhost" || ip != nil && ip.IsLoopback() {
		return config, nil
	}
	if config.TLS == nil && !c.Insecure {
		return config, errors.New("--tls-cert and --tls-key must be given for other machines to reach the server, or --insecure")
	}
	if config.Password == "" {
		return config, errors.New("--password-file must be given for other machines to reach the server")
	}
	return config, nil
}
