package queue

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
)

// A Server is a NATS server with JetStream inside this process.
type Server struct {
	nats       *server.Server
	lock       *os.File
	connection Connection
}

// ServerConfig says what a server stores where and who may reach it.
type ServerConfig struct {
	// Store is the directory that everything is kept in; it is made if there is
	// none, and locked.
	Store string
	// Listen is the address for clients; "" is any free port of 127.0.0.1.
	Listen string
	// Temporary says that the server is inside a command and ends with it.
	Temporary bool
	// Password is what clients need; "" is one that is drawn once for each store.
	Password string
	// TLS is what clients are met with; nil: none.
	TLS *tls.Config
	// Sync writes each message through to the disk before it is acknowledged,
	// so that a power failure loses nothing either. A killed process loses
	// nothing without it.
	Sync bool
}

// StartServer starts a server, which clients need a password for: it is kept in
// the store, in a file that only its owner may read.
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
	lock, err := lockFile(filepath.Join(c.Store, "lock"))
	if err != nil {
		return nil, errors.Wrapf(err, "%s is in use by another server", c.Store)
	}
	s := &Server{lock: lock}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.connection, err = LoadConnection(c.Store); err != nil {
		if !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		s.connection = Connection{User: "sweep", Password: rand.Text()}
	}
	if c.Password != "" {
		s.connection.Password = c.Password
	}
	options := &server.Options{
		ServerName: "sweep", Host: host, Port: int(port),
		Username: s.connection.User, Password: s.connection.Password,
		JetStream: true, StoreDir: c.Store, SyncAlways: c.Sync, SyncInterval: 10 * time.Second,
		MaxPayload: 1 << 20, NoSigs: true, NoLog: true,
		TLS: c.TLS != nil, TLSConfig: c.TLS, TLSTimeout: 5,
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
	return s, s.connection.save(c.Store)
}

// Connection returns how clients reach the server.
func (s *Server) Connection() Connection { return s.connection }

// Connect returns a connection within this process.
func (s *Server) Connect() (*nats.Conn, error) {
	return nats.Connect("", nats.InProcessServer(s.nats), nats.UserInfo(s.connection.User, s.connection.Password), nats.Name("sweep"))
}

// Close stops the server and waits until it has.
func (s *Server) Close() {
	if s.nats != nil {
		s.nats.Shutdown()
		s.nats.WaitForShutdown()
	}
	s.lock.Close()
}

// connectionFile is where a store keeps how its server is reached.
const connectionFile = "connection.json"

// LoadConnection returns how the server of a store is, or was last, reached.
func LoadConnection(store string) (Connection, error) {
	path := filepath.Join(store, connectionFile)
	data, err := os.ReadFile(path)
	if err != nil {
		return Connection{}, err
	}
	var c Connection
	if err := json.Unmarshal(data, &c); err != nil || c.User == "" || c.Password == "" {
		return Connection{}, errors.Errorf("%s must hold a user and a password: remove it to have new ones", path)
	}
	return c, nil
}

func (c Connection) save(store string) error {
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	path := filepath.Join(store, connectionFile)
	// The store's lock is ours.
	if err := atomicfile.Clean(path); err != nil {
		return err
	}
	if err := atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}); err != nil {
		return err
	}
	// The directory is closed to others, so nobody has read it in between.
	return os.Chmod(path, 0o600)
}
