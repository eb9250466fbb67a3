package queue

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

// laneTTL is how long the server remembers a lane that nobody uses.
const laneTTL = 14 * 24 * time.Hour

// Lane returns the queue of the trials that only workers of a lane take: those that
// have, for instance, the program of these trials. Everything else is shared with q.
func (q *Queue) Lane(ctx context.Context, name string) (*Queue, error) {
	if err := sweep.CheckName("lane", name); err != nil {
		return nil, errors.WithMessage(err, "sweep: Lane")
	}
	lane := *q
	lane.subject = laneSubject + name + "."
	var err error
	if lane.trials, err = q.stream(ctx, trials(laneStream, laneSubject)); err == nil {
		err = lane.openConsumer(ctx, jetstream.ConsumerConfig{
			Durable: consumer + "-" + name, FilterSubject: lane.subject + ">", AckWait: q.ackWait, InactiveThreshold: laneTTL,
		})
	}
	return &lane, errors.Wrap(err, "sweep: Lane")
}
