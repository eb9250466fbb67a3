// Package sweep plans sweeps: many independent trainings of which each is a pure
// function of its configuration. Package queue hands them to workers.
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

// Bounds of what is accepted, in bytes and trials.
const (
	MaxMessage = 64 << 10 // an encoded trial
	MaxResult  = 256 << 10
	MaxSpec    = 512 << 10
	MaxTrials  = 100_000
	MaxPlan    = 64 << 20 // configurations of all trials together
)

// A Trial is one training of a sweep. It follows from its configuration alone,
// so its ID, which is a hash of that, says whether it has been made.
type Trial struct {
	Sweep   string          `json:"sweep"`
	ID      string          `json:"id"`
	Program string          `json:"program"`
	Config  json.RawMessage `json:"config"` // as the program's Normalize returns it
}

// A Program makes trials.
type Program interface {
	// Metrics returns the names of what is measured, the same for every trial.
	Metrics() []string
	// Normalize returns the configuration with every default filled in, in one
	// form for all that mean the same, or an error that names what is wrong.
	Normalize(config []byte) ([]byte, error)
	// Run makes a trial. What goes wrong in the trial itself, and would again, is
	// a Failure of the outcome; an error is what another worker, or a later time,
	// may be spared.
	Run(ctx context.Context, job Job) (Outcome, error)
}

// A Job is a trial as its program sees it.
type Job interface {
	Trial() Trial
	// Checkpoint returns the last that an earlier worker has saved of this
	// trial, nil if there is none.
	Checkpoint(ctx context.Context) ([]byte, error)
	// SaveCheckpoint replaces it.
	SaveCheckpoint(ctx context.Context, data []byte) error
	// Keep stores an artefact with the result.
	Keep(ctx context.Context, name string, data []byte) error
	// Progress says how much of the trial is done.
	Progress(done, total int64)
}

// An Outcome is what a trial gives: the same on whatever machine, as far as its
// arithmetic is.
type Outcome struct {
	Metrics     map[string]float64 `json:"metrics,omitempty"`
	Fingerprint string             `json:"fingerprint,omitempty"` // hash of what was trained
	Failure     string             `json:"failure,omitempty"`     // why there are no metrics
}

// A Result is a trial with its outcome and how it came about.
type Result struct {
	Trial
	Outcome
	Artefacts  []string `json:"artefacts,omitempty"`
	Worker     string   `json:"worker,omitempty"`
	Seconds    float64  `json:"seconds"`              // of the last attempt
	Deliveries uint64   `json:"deliveries,omitempty"` // attempts, the last included
	Resumed    bool     `json:"resumed,omitempty"`    // went on from a checkpoint
}

var (
	nameRule = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	idRule   = regexp.MustCompile(`^[0-9a-f]{32}$`)
	fileRule = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$`)
)

// CheckName returns an error unless name can be that of a sweep or program.
func CheckName(what, name string) error {
	if !nameRule.MatchString(name) {
		return errors.Errorf("%s must be 1 to 63 of a-z, 0-9, - and _, the first of them no sign, got %.80q", what, name)
	}
	return nil
}

// CheckID returns an error unless id can be that of a trial.
func CheckID(id string) error {
	if !idRule.MatchString(id) {
		return errors.Errorf("id must be 32 hexadecimal digits, got %.80q", id)
	}
	return nil
}

// CheckArtefact returns an error unless name can be that of an artefact, which is
// also that of a file.
func CheckArtefact(name string) error {
	if !fileRule.MatchString(name) {
		return errors.Errorf("artefact must be named by 1 to 63 of a-z, A-Z, 0-9, ., - and _, the first of them no sign, got %.80q", name)
	}
	return nil
}

// NewTrial returns the trial of a configuration that Normalize has returned.
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

// DecodeTrial returns the trial of a message. It refuses what Encode cannot have
// written.
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

// Encode returns r as it is stored.
func (r Result) Encode() ([]byte, error) {
	data, err := json.Marshal(r)
	if err == nil && len(data) > MaxResult {
		err = errors.Errorf("result must be at most %d bytes, got %d", MaxResult, len(data))
	}
	return data, errors.WithMessage(err, "sweep: Encode")
}

func (r Result) check() error {
	// A result with neither would say nothing, and nobody would make it again.
	if (len(r.Metrics) > 0) == (r.Failure != "") {
		return errors.Errorf("result must have metrics or a failure, got %d metrics and failure %.80q", len(r.Metrics), r.Failure)
	}
	for _, name := range r.Artefacts {
		if err := CheckArtefact(name); err != nil {
			return err
		}
	}
	return r.Trial.check()
}

// DecodeResult returns the result that is stored as data.
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

// decode reads what json.Marshal has written, byte for byte: encoding/json alone
// would take keys in another case, given twice, or unknown.
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
		return errors.New("message must be one JSON object, got more behind it")
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
