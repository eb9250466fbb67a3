// Package sweep plans sweeps: many independent trainings, each a pure function
// of its configuration. A [Spec] says what to try, a [Plan] which trials come
// next, and a [Program] runs one. Package queue gives trials to workers and
// collects the results; package figures draws them.
package sweep

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"regexp"
	"slices"

	"github.com/pkg/errors"
)

// Limits of what is accepted, in bytes and trials.
const (
	MaxMessage = 64 << 10 // an encoded trial
	MaxResult  = 256 << 10
	MaxSpec    = 512 << 10
	MaxTrials  = 100_000
	MaxPlan    = 64 << 20 // the configurations of all trials together
)

// A Trial is one training of a sweep. It follows from its configuration alone,
// so its ID, a hash of the configuration, tells whether it has been run.
type Trial struct {
	Sweep   string          `json:"sweep"`
	ID      string          `json:"id"`
	Program string          `json:"program"`
	Config  json.RawMessage `json:"config"` // as the program's Normalize returns it
}

// A Program runs trials.
type Program interface {
	// Metrics returns the names of what is measured, which are the same for
	// every trial.
	Metrics() []string
	// Normalize returns the configuration with every default filled in, in a
	// form that is the same for all that mean the same; or an error that names
	// what is wrong.
	Normalize(config []byte) ([]byte, error)
	// Run runs a trial. A failure of the trial itself, which would happen
	// again, is a Failure of the outcome; an error is one that may not occur on
	// another worker or at a later time.
	Run(ctx context.Context, job Job) (Outcome, error)
}

// A Job is a trial from its program's point of view.
type Job interface {
	Trial() Trial
	// Checkpoint returns the last checkpoint that an earlier worker has saved
	// for this trial, nil if there is none.
	Checkpoint(ctx context.Context) ([]byte, error)
	// SaveCheckpoint replaces the checkpoint.
	SaveCheckpoint(ctx context.Context, data []byte) error
	// Keep stores an artefact along with the result.
	Keep(ctx context.Context, name string, data []byte) error
	// Progress reports how much of the trial is done.
	Progress(done, total int64)
}

// An Outcome is the result of a trial's program: the same on every machine, as
// far as its arithmetic is.
type Outcome struct {
	Metrics     map[string]float64 `json:"metrics,omitempty"`
	Fingerprint string             `json:"fingerprint,omitempty"` // hash of what was trained
	Failure     string             `json:"failure,omitempty"`     // why there are no metrics
}

// A Result is a trial with its outcome and how it was obtained.
type Result struct {
	Trial
	Outcome
	Artefacts  []string `json:"artefacts,omitempty"`
	Worker     string   `json:"worker,omitempty"`
	Seconds    float64  `json:"seconds"`              // of the last attempt
	Deliveries uint64   `json:"deliveries,omitempty"` // attempts, including the last
	Resumed    bool     `json:"resumed,omitempty"`    // resumed from a checkpoint
}

var (
	nameRule = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	idRule   = regexp.MustCompile(`^[0-9a-f]{32}$`)
	fileRule = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$`)
)

// CheckName returns an error unless name is valid for a sweep or program,
// whichever what says.
func CheckName(what, name string) error {
	if !nameRule.MatchString(name) {
		return errors.Errorf("%s must be 1 to 63 of a-z, 0-9, - and _, the first of them no sign, got %.80q", what, name)
	}
	return nil
}

// CheckID returns an error unless id is valid for a trial.
func CheckID(id string) error {
	if !idRule.MatchString(id) {
		return errors.Errorf("id must be 32 hexadecimal digits, got %.80q", id)
	}
	return nil
}

// CheckArtefact returns an error unless name is valid for an artefact, and so
// for a file.
func CheckArtefact(name string) error {
	if !fileRule.MatchString(name) {
		return errors.Errorf("artefact must be named by 1 to 63 of a-z, A-Z, 0-9, ., - and _, the first of them no sign, got %.80q", name)
	}
	return nil
}

// maxSeconds is far more than a trial takes, and fits in a [time.Duration].
const maxSeconds = 1e9

// CheckSeconds returns an error unless s is a time that a trial or worker can have taken.
func CheckSeconds(s float64) error {
	if !(s >= 0 && s <= maxSeconds) {
		return errors.Errorf("seconds must be in [0, %v], got %v", maxSeconds, s)
	}
	return nil
}

// NewTrial returns the trial of a configuration as Normalize returns it.
func NewTrial(sweep, program string, config []byte) (Trial, error) {
	t := Trial{Sweep: sweep, ID: hash(program, config), Program: program, Config: config}
	data, err := json.Marshal(t)
	switch {
	case err != nil:
		err = errors.WithStack(err)
	case len(data) > MaxMessage:
		err = errors.Errorf("trial must be at most %d bytes, got %d", MaxMessage, len(data))
	case !bytes.HasSuffix(data, slices.Concat(config, []byte("}"))):
		err = errors.Errorf("config must be as json.Marshal writes it, got %.200q", config)
	default:
		err = t.check()
	}
	return t, errors.WithMessage(err, "sweep: NewTrial")
}

func hash(program string, config []byte) string {
	h := sha256.New()
	io.WriteString(h, program+"\n")
	h.Write(config)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Encode returns t as a message.
func (t Trial) Encode() ([]byte, error) {
	data, err := json.Marshal(t)
	return data, errors.Wrap(err, "sweep: Encode")
}

// DecodeTrial returns the trial in a message. It rejects anything that Encode
// cannot have written.
func DecodeTrial(data []byte) (Trial, error) {
	var t Trial
	err := decode(data, MaxMessage, &t)
	if err == nil {
		err = t.check()
	}
	if err != nil {
		return Trial{}, errors.WithMessage(err, "sweep: DecodeTrial")
	}
	return t, nil
}

func (t Trial) check() error {
	if err := CheckName("sweep", t.Sweep); err != nil {
		return err
	}
	if err := CheckName("program", t.Program); err != nil {
		return err
	}
	if err := CheckID(t.ID); err != nil {
		return err
	}
	if len(t.Config) == 0 || t.Config[0] != '{' {
		return errors.Errorf("config must be a JSON object, got %.80q", t.Config)
	}
	if want := hash(t.Program, t.Config); t.ID != want {
		return errors.Errorf("id must be the hash %s of the configuration, got %s", want, t.ID)
	}
	return nil
}

// Encode returns r in the form that is stored.
func (r Result) Encode() ([]byte, error) {
	data, err := json.Marshal(r)
	if err == nil && len(data) > MaxResult {
		err = errors.Errorf("result must be at most %d bytes, got %d", MaxResult, len(data))
	}
	return data, errors.WithMessage(err, "sweep: Encode")
}

func (r Result) check() error {
	// A result with neither would say nothing, and its trial would not be run
	// again.
	if (len(r.Metrics) > 0) == (r.Failure != "") {
		return errors.Errorf("result must have metrics or a failure, got %d metrics and failure %.80q", len(r.Metrics), r.Failure)
	}
	for _, name := range r.Artefacts {
		if err := CheckArtefact(name); err != nil {
			return err
		}
	}
	if err := CheckSeconds(r.Seconds); err != nil {
		return err
	}
	return r.Trial.check()
}

// DecodeResult returns the result stored as data.
func DecodeResult(data []byte) (Result, error) {
	var r Result
	err := decode(data, MaxResult, &r)
	if err == nil {
		err = r.check()
	}
	if err != nil {
		return Result{}, errors.WithMessage(err, "sweep: DecodeResult")
	}
	return r, nil
}

// decode reads only what json.Marshal writes, byte for byte: encoding/json by
// itself would accept keys that are unknown, repeated, or in another case.
func decode(data []byte, limit int, to any) error {
	if len(data) > limit {
		return errors.Errorf("message must be at most %d bytes, got %d", limit, len(data))
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return errors.WithStack(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("message must be one JSON object, got more after it")
	}
	again, err := json.Marshal(to)
	if err != nil {
		return errors.WithStack(err)
	}
	if !bytes.Equal(again, data) {
		return errors.Errorf("message must be as it is encoded, %.200s, got %.200q", again, data)
	}
	return nil
}
