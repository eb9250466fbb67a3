package queue

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/configfile"
	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

// What is kept on the server.
const (
	trialStream  = "SWEEP_TRIALS" // work queue: a trial is in it until its result is kept
	laneStream   = "SWEEP_LANES"  // likewise, for the trials of lanes
	deadStream   = "SWEEP_DEAD"   // messages that cannot be worked on, with the reason
	consumer     = "workers"      // one for all, so that a trial goes to one of them
	trialSubject = "sweep.trial." // and NAME.ID
	laneSubject  = "sweep.lane."  // and LANE.NAME.ID
	deadSubject  = "sweep.dead."  // and the same
	specs        = "sweep_specs"
	results      = "sweep_results"
	workers      = "sweep_workers"
	checkpoints  = "sweep_checkpoints"
	artefacts    = "sweep_artefacts"
)

// Headers of dead letters.
const (
	reasonHeader = "Sweep-Reason"
	fromHeader   = "Sweep-From" // the subject that the message had
)

// versionHeader is the header of trials that says which version of the program sent
// them.
const versionHeader = "Sweep-Version"

// noStorage is the code of a server whose disk has no room for a new stream. It gives
// streams three quarters of what is free; dead letters alone reserve 256 MiB.
const noStorage = 10047

// workerTTL is how long a worker is listed after its last sign of life.
const workerTTL = 15 * time.Second

// A Queue is the part of a server that holds sweeps: specs, trials, results and
// workers.
type Queue struct {
	// Version is that of the program. Trials are for workers of the same version only;
	// "" is for any.
	Version string

	js                      jetstream.JetStream
	subject                 string // what the subjects of trials begin with
	trials, dead            jetstream.Stream
	consumer                jetstream.Consumer
	specs, results, workers jetstream.KeyValue
	checkpoints, artefacts  jetstream.ObjectStore
	ackWait                 time.Duration
	stall                   time.Duration
}

// Open returns the queue of a server, and creates what is missing. A trial
// whose worker gives no sign of life for ackWait goes to another; 0 means 30 s.
// An existing queue keeps its own setting.
func Open(ctx context.Context, nc *nats.Conn, ackWait time.Duration) (*Queue, error) {
	if ackWait == 0 {
		ackWait = 30 * time.Second
	}
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(10*time.Second))
	if err != nil {
		return nil, errors.Wrap(err, "sweep: Open")
	}
	q := &Queue{js: js, subject: trialSubject, stall: stall}
	for _, open := range []func() error{
		func() (err error) { q.trials, err = q.stream(ctx, trials(trialStream, trialSubject)); return },
		func() (err error) { q.dead, err = q.stream(ctx, dead()); return },
		func() error {
			return q.openConsumer(ctx, jetstream.ConsumerConfig{Durable: consumer, AckWait: ackWait})
		},
		func() (err error) {
			q.specs, err = q.bucket(ctx, jetstream.KeyValueConfig{Bucket: specs, MaxValueSize: 2 * sweep.MaxSpec})
			return
		},
		func() (err error) {
			q.results, err = q.bucket(ctx, jetstream.KeyValueConfig{Bucket: results, MaxValueSize: sweep.MaxResult})
			return
		},
		func() (err error) {
			q.workers, err = q.bucket(ctx, jetstream.KeyValueConfig{Bucket: workers, TTL: workerTTL, MaxValueSize: 4096})
			return
		},
		func() (err error) {
			q.checkpoints, err = q.objects(ctx, jetstream.ObjectStoreConfig{Bucket: checkpoints, TTL: 14 * 24 * time.Hour})
			return
		},
		func() (err error) {
			q.artefacts, err = q.objects(ctx, jetstream.ObjectStoreConfig{Bucket: artefacts})
			return
		},
	} {
		err := open()
		var api *jetstream.APIError
		if errors.As(err, &api) && api.ErrorCode == noStorage {
			err = errors.Errorf("the server must have 400 MiB free on the disk of its store (%v)", err)
		}
		if err != nil {
			return nil, errors.Wrap(err, "sweep: Open")
		}
	}
	return q, nil
}

func trials(name, subject string) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: name, Subjects: []string{subject + ">"}, Retention: jetstream.WorkQueuePolicy,
		MaxMsgSize: sweep.MaxMessage + 4096,
		// One message for each trial, whose hash is its subject: a second one
		// is rejected while the first exists. A window of message IDs would
		// end.
		MaxMsgsPerSubject: 1, Discard: jetstream.DiscardNew, DiscardNewPerSubject: true, MaxMsgs: 10 * sweep.MaxTrials,
	}
}

func dead() jetstream.StreamConfig {
	return jetstream.StreamConfig{Name: deadStream, Subjects: []string{deadSubject + ">"}, MaxAge: 90 * 24 * time.Hour, MaxBytes: 256 << 20}
}

func (q *Queue) stream(ctx context.Context, c jetstream.StreamConfig) (jetstream.Stream, error) {
	if s, err := q.js.Stream(ctx, c.Name); !errors.Is(err, jetstream.ErrStreamNotFound) {
		return s, err
	}
	s, err := q.js.CreateStream(ctx, c)
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return q.js.Stream(ctx, c.Name)
	}
	return s, err
}

func (q *Queue) openConsumer(ctx context.Context, c jetstream.ConsumerConfig) error {
	c.AckPolicy, c.MaxDeliver, c.MaxAckPending, c.MaxWaiting = jetstream.AckExplicitPolicy, -1, -1, 1<<14
	var err error
	if q.consumer, err = q.trials.Consumer(ctx, c.Durable); errors.Is(err, jetstream.ErrConsumerNotFound) {
		q.consumer, err = q.trials.CreateOrUpdateConsumer(ctx, c)
	}
	if err != nil {
		return err
	}
	q.ackWait = q.consumer.CachedInfo().Config.AckWait
	return nil
}

func (q *Queue) bucket(ctx context.Context, c jetstream.KeyValueConfig) (jetstream.KeyValue, error) {
	if kv, err := q.js.KeyValue(ctx, c.Bucket); !errors.Is(err, jetstream.ErrBucketNotFound) {
		return kv, err
	}
	kv, err := q.js.CreateKeyValue(ctx, c)
	if errors.Is(err, jetstream.ErrBucketExists) {
		return q.js.KeyValue(ctx, c.Bucket)
	}
	return kv, err
}

func (q *Queue) objects(ctx context.Context, c jetstream.ObjectStoreConfig) (jetstream.ObjectStore, error) {
	if o, err := q.js.ObjectStore(ctx, c.Bucket); !errors.Is(err, jetstream.ErrBucketNotFound) {
		return o, err
	}
	o, err := q.js.CreateObjectStore(ctx, c)
	if errors.Is(err, jetstream.ErrBucketExists) {
		return q.js.ObjectStore(ctx, c.Bucket)
	}
	return o, err
}

// Begin keeps the spec of a sweep. A name stands for one spec: keeping another
// under it is an error.
func (q *Queue) Begin(ctx context.Context, s *sweep.Spec) error {
	data, err := json.Marshal(s)
	if err != nil {
		return errors.Wrap(err, "sweep: Begin")
	}
	_, err = q.specs.Create(ctx, s.Name, data)
	if errors.Is(err, jetstream.ErrKeyExists) {
		var e jetstream.KeyValueEntry
		if e, err = q.specs.Get(ctx, s.Name); err == nil && string(e.Value()) != string(data) {
			err = errors.Errorf("another spec is kept under the name %s: take another name", s.Name)
		}
	}
	return errors.Wrap(err, "sweep: Begin")
}

// Spec returns the spec of a sweep.
func (q *Queue) Spec(ctx context.Context, name string) (*sweep.Spec, error) {
	if err := sweep.CheckName("name", name); err != nil {
		return nil, errors.WithMessage(err, "sweep: Spec")
	}
	e, err := q.specs.Get(ctx, name)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, errors.Errorf("sweep: Spec: no sweep is named %s", name)
	}
	if err != nil {
		return nil, errors.Wrap(err, "sweep: Spec")
	}
	s := &sweep.Spec{}
	if err := configfile.JSON("spec of "+name, e.Value(), s); err != nil {
		return nil, errors.WithMessage(err, "sweep: Spec")
	}
	return s, errors.WithMessage(s.Complete(), "sweep: Spec")
}

// Sweeps returns the names of the sweeps that the server keeps.
func (q *Queue) Sweeps(ctx context.Context) ([]string, error) {
	limited, cancel := context.WithTimeout(ctx, q.stall)
	defer cancel()
	names, err := q.specs.Keys(limited)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		err = errDamaged
	}
	if errors.Is(err, jetstream.ErrNoKeysFound) {
		return nil, nil
	}
	slices.Sort(names)
	return names, errors.Wrap(err, "sweep: Sweeps")
}

// sendDead keeps a message that cannot be worked on, once for each id.
func (q *Queue) sendDead(ctx context.Context, name, from string, data []byte, reason error, id string) error {
	dead := nats.NewMsg(deadSubject + name)
	dead.Data = data
	dead.Header.Set(reasonHeader, oneLine(reason.Error()))
	dead.Header.Set(fromHeader, from)
	_, err := q.js.PublishMsg(ctx, dead, jetstream.WithMsgID(id))
	return err
}

// Waiting returns the IDs of a sweep's trials that are waiting or under way.
func (q *Queue) Waiting(ctx context.Context, name string) (map[string]bool, error) {
	subjects, err := q.subjects(ctx, q.trials, q.subject+name+".")
	return subjects, errors.Wrap(err, "sweep: Waiting")
}

func (q *Queue) subjects(ctx context.Context, s jetstream.Stream, prefix string) (map[string]bool, error) {
	info, err := s.Info(ctx, jetstream.WithSubjectFilter(prefix+">"))
	if err != nil {
		return nil, err
	}
	all := make(map[string]bool)
	for subject := range info.State.Subjects {
		all[strings.TrimPrefix(subject, prefix)] = true
	}
	return all, nil
}

// A DeadLetter is a message that could not be worked on.
type DeadLetter struct {
	From   string    `json:"from"` // the subject that it was sent to
	Reason string    `json:"reason"`
	Time   time.Time `json:"time"`
	Data   []byte    `json:"data"`
}

// Dead returns the dead letters of a sweep by the ID of their trial or, for the
// name "", those of all sweeps by subject.
func (q *Queue) Dead(ctx context.Context, name string) (map[string]DeadLetter, error) {
	prefix := deadSubject
	if name != "" {
		prefix += name + "."
	}
	subjects, err := q.subjects(ctx, q.dead, prefix)
	if err != nil {
		return nil, errors.Wrap(err, "sweep: Dead")
	}
	all := make(map[string]DeadLetter)
	for id := range subjects {
		m, err := q.dead.GetLastMsgForSubject(ctx, prefix+id)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			all[id] = DeadLetter{From: id, Reason: "it is damaged and cannot be read"}
			continue
		}
		if err != nil {
			return nil, errors.Wrap(err, "sweep: Dead")
		}
		all[id] = DeadLetter{m.Header.Get(fromHeader), m.Header.Get(reasonHeader), m.Time, m.Data}
	}
	return all, nil
}

// publish sends trials to the queue. Trials that are in it stay as they are.
func (q *Queue) publish(ctx context.Context, trials []sweep.Trial) error {
	for batch := range slices.Chunk(trials, 512) {
		var futures []jetstream.PubAckFuture
		for _, t := range batch {
			data, err := t.Encode()
			if err != nil {
				return err
			}
			name := t.Sweep + "." + t.ID
			m := nats.NewMsg(q.subject + name)
			m.Data = data
			if q.Version != "" {
				m.Header.Set(versionHeader, q.Version)
			}
			f, err := q.js.PublishMsgAsync(m)
			if err != nil {
				return errors.Wrap(err, "publish")
			}
			futures = append(futures, f)
		}
		for _, f := range futures {
			select {
			case <-f.Ok():
			case err := <-f.Err():
				if strings.Contains(err.Error(), server.ErrMaxMsgsPerSubject.Error()) {
					continue // it has no code of its own
				}
				return errors.Wrap(err, "publish")
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

// Artefact returns the artefact that a trial has kept under a name.
func (q *Queue) Artefact(ctx context.Context, r sweep.Result, name string) ([]byte, error) {
	data, err := get(ctx, q.artefacts, r.Sweep+"/"+r.ID+"/"+name)
	return data, errors.Wrap(err, "sweep: Artefact")
}

// maxObject is the largest size of checkpoints and artefacts in bytes.
const maxObject = 256 << 20

// get returns an object unless it is too large for this process.
func get(ctx context.Context, from jetstream.ObjectStore, name string) ([]byte, error) {
	info, err := from.GetInfo(ctx, name)
	if err != nil {
		return nil, err
	}
	if info.Size > maxObject {
		return nil, errors.Errorf("object must be at most %d bytes, got %d", maxObject, info.Size)
	}
	return from.GetBytes(ctx, name)
}
