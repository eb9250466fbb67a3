package queue

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
)

// certificate writes a certificate for this machine that signs itself, and its key.
func certificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cert.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, path
}

// A server with TLS is reached by who trusts its certificate, and nobody else.
func TestTLS(t *testing.T) {
	pair, ca := certificate(t)
	s, err := StartServer(ServerConfig{
		Store: filepath.Join(t.TempDir(), "store"), Password: "given",
		TLS: &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := s.Connection()
	if !strings.HasPrefix(c.URL, "tls://") || c.Password != "" {
		t.Errorf("want TLS and no password kept, got %s and %q", c.URL, c.Password)
	}
	c.Key, c.User, c.Password = "", User, "given"
	if _, err := c.Dial(t.Context(), "test", 0); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate that is not trusted must be refused, got %v", err)
	}
	c.CA = ca
	nc, err := c.Dial(t.Context(), "test", 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if _, err := nc.TLSConnectionState(); err != nil {
		t.Errorf("want TLS, got %v", err)
	}
	if _, err := Open(t.Context(), nc, 0); err != nil {
		t.Error(err)
	}
	plain := c
	plain.URL = "nats" + strings.TrimPrefix(c.URL, "tls")
	plain.CA = ""
	if _, err := plain.Dial(t.Context(), "test", 0); err == nil {
		t.Error("a client without TLS must be refused")
	}
}

// A server of another operator is reached with a credentials file, and is made
// use of as the one inside is.
func TestCredentials(t *testing.T) {
	pairs := make(map[string]nkeys.KeyPair)
	public := make(map[string]string)
	for kind, create := range map[string]func() (nkeys.KeyPair, error){
		"operator": nkeys.CreateOperator, "account": nkeys.CreateAccount, "system": nkeys.CreateAccount, "user": nkeys.CreateUser,
	} {
		pair, err := create()
		if err != nil {
			t.Fatal(err)
		}
		pairs[kind] = pair
		if public[kind], err = pair.PublicKey(); err != nil {
			t.Fatal(err)
		}
	}
	sign := func(c interface {
		Encode(nkeys.KeyPair) (string, error)
	}, by string) string {
		text, err := c.Encode(pairs[by])
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	account := jwt.NewAccountClaims(public["account"])
	account.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: -1, Streams: -1, Consumer: -1}
	accounts := &server.MemAccResolver{}
	for kind, text := range map[string]string{
		"account": sign(account, "operator"), "system": sign(jwt.NewAccountClaims(public["system"]), "operator"),
	} {
		if err := accounts.Store(public[kind], text); err != nil {
			t.Fatal(err)
		}
	}
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir(),
		TrustedOperators: []*jwt.OperatorClaims{jwt.NewOperatorClaims(public["operator"])}, AccountResolver: accounts, SystemAccount: public["system"],
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	defer func() {
		s.Shutdown()
		s.WaitForShutdown()
	}()
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("no server")
	}

	seed, err := pairs["user"].Seed()
	if err != nil {
		t.Fatal(err)
	}
	creds, err := jwt.FormatUserConfig(sign(jwt.NewUserClaims(public["user"]), "account"), seed)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "sweep.creds")
	if err := os.WriteFile(path, creds, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (Connection{URL: s.ClientURL()}).Dial(t.Context(), "test", 0); err == nil {
		t.Error("nobody may come in without credentials")
	}
	nc, err := Connection{URL: s.ClientURL(), Credentials: path}.Dial(t.Context(), "test", 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	q, err := Open(t.Context(), nc, 0)
	if err != nil {
		t.Fatal(err)
	}
	work(t, q)
	if got, err := q.Run(t.Context(), spec("fine"), told{}, nil); err != nil || len(got) != 1 {
		t.Errorf("want a result, got %v, %v", got, err)
	}
}
