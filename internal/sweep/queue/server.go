package queue

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/datafile"
	"github.com/gorgonia-dropout/dropout/internal/filelock"
	"github.com/gorgonia-dropout/dropout/internal/room"
)

// A Server is a NATS server with JetStream inside this process.
type Server struct {
	nats       *server.Server
	lock       *os.File
	connection Connection
	store      string
	saved      string // where the connection is kept
	free       func(dir string) (bytes int64, ok bool)
}

// ServerConfig says what a server stores where, and who may connect.
type ServerConfig struct {
	// Store is the directory that everything is kept in; it is created if
	// needed, and locked.
	Store string
	// Listen is the address for clients; "" is any free port of 127.0.0.1.
	Listen string
	// Temporary says that the server runs inside a command and ends with it.
	Temporary bool
	// Password, unless empty, admits clients as the user sweep.
	Password string
	// Key is the seed of the nkey that admits those who can read the store; ""
	// reuses that of a server that was killed, whose clients reconnect, or
	// makes a new one.
	Key string
	// TLS is the server's TLS configuration; nil for none.
	TLS *tls.Config
	// Sync writes each message to the disk before it is acknowledged, so that
	// even a power failure loses nothing. Killing the process loses nothing
	// without it.
	Sync bool
}

// User is the user name that goes with a server's password.
const User = "sweep"

// ErrInUse is the error of a store that another server is using.
var ErrInUse = errors.New("in use by another server")

// StartServer starts a server. Clients need its password, or the nkey that is
// kept in the store until the server ends, in a file that only its owner can
// read.
func StartServer(c ServerConfig) (_ *Server, err error) {
	defer func() { err = errors.WithMessage(err, "sweep: StartServer") }()
	listen := c.Listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	host, portText, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, errors.Errorf("address must be HOST:PORT, got %q", listen)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, errors.Errorf("port must be in [0, 65535], got %q", portText)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	if err := os.MkdirAll(c.Store, 0o700); err != nil {
		return nil, err
	}
	lock, err := filelock.TryLock(filepath.Join(c.Store, "lock"))
	if err != nil {
		var broken *os.PathError
		if errors.As(err, &broken) {
			return nil, errors.WithStack(err)
		}
		return nil, errors.WithMessage(ErrInUse, c.Store)
	}
	s := &Server{lock: lock, store: c.Store, free: room.Disk}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	public, err := s.drawKey(c)
	if err != nil {
		return nil, err
	}
	options := &server.Options{
		ServerName: "sweep", Host: host, Port: int(port),
		Nkeys:     []*server.NkeyUser{{Nkey: public}},
		JetStream: true, StoreDir: c.Store, SyncAlways: c.Sync, SyncInterval: 10 * time.Second,
		MaxPayload: 1 << 20, NoSigs: true, NoLog: true,
		TLS: c.TLS != nil, TLSConfig: c.TLS, TLSTimeout: 5,
	}
	if c.Password != "" {
		options.Users = []*server.User{{Username: User, Password: c.Password}}
	}
	if port == 0 {
		options.Port = server.RANDOM_PORT
	}
	if s.nats, err = server.NewServer(options); err != nil {
		return nil, err
	}
	s.nats.Start()
	if !s.nats.ReadyForConnections(20 * time.Second) {
		return nil, errors.Errorf("no server within 20 s at %s: is the port taken?", listen)
	}
	s.connection.URL, s.connection.Temporary = s.nats.ClientURL(), c.Temporary
	return s, s.save(c.Store)
}

// drawKey chooses the nkey of clients and returns its public part.
func (s *Server) drawKey(c ServerConfig) (public string, err error) {
	s.connection.Key = c.Key
	if c.Key == "" {
		// We hold the lock, so whoever wrote it is gone.
		if left, err := LoadConnection(c.Store); err == nil {
			s.connection.Key = left.Key
		}
	}
	if s.connection.Key == "" {
		pair, err := nkeys.CreateUser()
		if err != nil {
			return "", errors.WithStack(err)
		}
		seed, err := pair.Seed()
		if err != nil {
			return "", errors.WithStack(err)
		}
		s.connection.Key = string(seed)
	}
	pair, err := nkeys.FromSeed([]byte(s.connection.Key))
	if err != nil {
		return "", errors.New("key must be the seed of an nkey")
	}
	public, err = pair.PublicKey()
	return public, errors.WithStack(err)
}

// Connection returns how clients reach the server.
func (s *Server) Connection() Connection { return s.connection }

// Connect returns a connection within this process.
func (s *Server) Connect() (*nats.Conn, error) {
	options, err := s.connection.options("sweep")
	if err != nil {
		return nil, errors.WithMessage(err, "sweep: Connect")
	}
	return nats.Connect("", append(options, nats.InProcessServer(s.nats))...)
}

// Close stops the server, waits for it, and removes its key.
func (s *Server) Close() {
	if s.nats != nil {
		s.nats.Shutdown()
		s.nats.WaitForShutdown()
	}
	if s.saved != "" {
		_ = os.Remove(s.saved) // if it stays, only its owner can read it
	}
	s.lock.Close()
}

// connectionFile is where a store keeps how to reach its server.
const connectionFile = "connection.json"

// LoadConnection returns how to reach the server of a store, even if it was
// killed. The error is os.ErrNotExist if there is none.
func LoadConnection(store string) (Connection, error) {
	path := filepath.Join(store, connectionFile)
	f, err := datafile.Open(path)
	if err != nil {
		return Connection{}, errors.WithStack(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, 1<<16))
	if err != nil {
		return Connection{}, errors.WithStack(err)
	}
	var c Connection
	if err := json.Unmarshal(data, &c); err != nil || c.URL == "" || !strings.HasPrefix(c.Key, "SU") {
		return Connection{}, errors.Errorf("sweep: LoadConnection: %s must hold a URL and a key: remove it to have new ones", path)
	}
	return c, nil
}

// save writes the connection, readable by its owner only from the first byte.
func (s *Server) save(store string) error {
	data, err := json.Marshal(s.connection)
	if err != nil {
		return errors.WithStack(err)
	}
	path := filepath.Join(store, connectionFile)
	// The store's lock is ours.
	if err := atomicfile.Clean(path); err != nil {
		return err
	}
	err = atomicfile.WritePrivate(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
	if err != nil {
		return err
	}
	s.saved = path
	return nil
}
