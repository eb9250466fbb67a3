// Package connect has what commands share that use a server of sweeps: the flags that say
// how it is reached, and the version of the program.
package connect

import (
	"os"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/sweep/queue"
)

// KeyVariable passes the key of a command's server to its workers: only the
// user can read the environment of a process.
const KeyVariable = "SWEEP_KEY"

// Flags say how to reach a server.
type Flags struct {
	NATS         string `group:"Server" name:"nats" env:"SWEEP_NATS" help:"Use the NATS server at URL, nats://HOST:PORT or tls://HOST:PORT, instead of one inside this command." placeholder:"URL"`
	User         string `group:"Server" env:"SWEEP_USER" help:"User of the server."`
	PasswordFile string `group:"Server" help:"File with the password, instead of the variable SWEEP_PASSWORD." type:"existingfile" placeholder:"FILE"`
	Creds        string `group:"Server" help:"Credentials file of the server, as nsc writes it." type:"existingfile" placeholder:"FILE"`
	TLSCA        string `group:"Server" name:"tls-ca" help:"File with the certificates to trust, instead of the system's." type:"existingfile" placeholder:"FILE"`
	TLSCert      string `group:"Server" name:"tls-cert" help:"File with the client certificate to present." type:"existingfile" placeholder:"FILE"`
	TLSKey       string `group:"Server" name:"tls-key" help:"File with its key." type:"existingfile" placeholder:"FILE"`
	Insecure     bool   `group:"Server" help:"Allow sending a password over the network in the clear."`
}

// Connection returns how to reach the server.
func (f *Flags) Connection() (queue.Connection, error) {
	c := queue.Connection{
		URL: f.NATS, User: f.User, Credentials: f.Creds, Key: os.Getenv(KeyVariable),
		CA: f.TLSCA, Certificate: f.TLSCert, CertificateKey: f.TLSKey, Insecure: f.Insecure,
	}
	var err error
	c.Password, err = Password(f.PasswordFile)
	return c, err
}

// Password returns the password in the file, or in the environment if there is
// no file.
func Password(file string) (string, error) {
	if file == "" {
		return os.Getenv("SWEEP_PASSWORD"), nil
	}
	data, err := os.ReadFile(file)
	password := strings.TrimRight(string(data), "\r\n")
	if err == nil && password == "" {
		err = errors.Errorf("--password-file must hold a password, got none in %s", file)
	}
	return password, err
}
