package sweep

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/datafile"
)

// A Command is any program as the program of a sweep: docs/sweeps.md says what it reads
// and writes.
type Command struct {
	Run []string `json:"run"` // the program and its arguments
	// Metrics are what the program measures; empty is the sweep's metric alone.
	Metrics []string `json:"metrics,omitempty"`
	// Files are what results depend on besides the program and those of its arguments that
	// are files, which is all hashed. Version, unless empty, takes the place of the hashes.
	Files   []string `json:"files,omitempty"`
	Version string   `json:"version,omitempty"`
}

// Limits of a command.
const (
	maxArgs   = 100
	maxFiles  = 1000
	maxHashed = 1 << 30 // bytes of a file
)

// commandName is the name of a program that is a command, and commandPrefix what it begins
// with once it is known which.
const (
	commandName   = "command"
	commandPrefix = commandName + "-"
)

// complete fills in defaults and checks everything else.
func (c *Command) complete(metric string) error {
	if len(c.Run) == 0 || c.Run[0] == "" {
		return errors.New("run must be a program and its arguments, got none")
	}
	if len(c.Run) > maxArgs || len(c.Files) > maxFiles {
		return errors.Errorf("run must have at most %d words and files at most %d names, got %d and %d", maxArgs, maxFiles, len(c.Run), len(c.Files))
	}
	for _, word := range slices.Concat(c.Run, c.Files, []string{c.Version}) {
		if strings.ContainsRune(word, 0) {
			return errors.Errorf("run, files and version must be without NUL, got %.80q", word)
		}
	}
	if c.Version != "" && len(c.Files) > 0 {
		return errors.New("files must be left out with version, which takes the place of their hashes")
	}
	if len(c.Metrics) == 0 {
		c.Metrics = []string{metric}
	}
	if len(c.Metrics) > maxSettings {
		return errors.Errorf("metrics must be at most %d, got %d", maxSettings, len(c.Metrics))
	}
	for i, name := range c.Metrics {
		if !settingRule.MatchString(name) {
			return errors.Errorf("metrics must be named by 1 to 63 of a-z, A-Z, 0-9 and _, a letter first, got %.80q", name)
		}
		if slices.Contains(c.Metrics[:i], name) {
			return errors.Errorf("metrics must be different, got %s twice", name)
		}
	}
	return nil
}

// Identify returns the name of the program, which is another for every version: for what
// is on this machine, or for what Version says. Trials of one are not taken for those of
// another.
func (c *Command) Identify() (string, error) {
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(c); err != nil {
		return "", errors.WithStack(err)
	}
	if c.Version == "" {
		program, err := exec.LookPath(c.Run[0])
		if err != nil {
			return "", errors.Wrap(err, "command: run")
		}
		if err := hashFile(h, program); err != nil {
			return "", errors.WithMessage(err, "command: run")
		}
		for _, word := range c.Run[1:] {
			// One that cannot be a name is no file either.
			if info, err := os.Stat(word); err != nil || !info.Mode().IsRegular() {
				continue
			}
			if err := hashFile(h, word); err != nil {
				return "", errors.WithMessage(err, "command: run")
			}
		}
		for _, name := range c.Files {
			if err := hashFile(h, name); err != nil {
				return "", errors.WithMessage(err, "command: files")
			}
		}
	}
	return commandPrefix + hex.EncodeToString(h.Sum(nil)[:16]), nil
}

// hashFile adds the hash of a file's content to h.
func hashFile(h io.Writer, name string) error {
	f, err := datafile.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	of := sha256.New()
	n, err := io.Copy(of, io.LimitReader(f, maxHashed+1))
	if err != nil {
		return errors.Wrap(err, name)
	}
	if n > maxHashed {
		return errors.Errorf("%s must be at most %d MiB to be hashed, got more: version may say which it is", name, maxHashed>>20)
	}
	_, err = h.Write(of.Sum(nil))
	return errors.WithStack(err)
}
