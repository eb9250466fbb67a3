package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/plaintext"
	"github.com/gorgonia-dropout/dropout/internal/sweep/queue"
)

// line describes the progress of a sweep.
func line(s queue.State) string {
	text := fmt.Sprintf("%d of %d trials done, %d waiting or under way", s.Done, s.Total, s.Waiting)
	if s.Failed > 0 {
		text += fmt.Sprintf(", %d failed", s.Failed)
	}
	if s.Dead > 0 {
		text += fmt.Sprintf(", %d given up", s.Dead)
	}
	if s.Foreign > 0 {
		text += fmt.Sprintf("; %d results of no trial of it do not count", s.Foreign)
	}
	if s.Trouble != "" {
		text += "; trying again: " + s.Trouble
	}
	return text
}

// statusCmd shows the progress of sweeps.
type statusCmd struct {
	server
	Once bool `help:"Show it once, instead of updating it until Ctrl-C."`
	JSON bool `name:"json" help:"Write JSON, once."`
	Dead bool `help:"Show the dead letters too."`
}

// overview is everything that status shows.
type overview struct {
	Sweeps  map[string]queue.State      `json:"sweeps"`
	Workers []queue.WorkerState         `json:"workers"`
	Dead    map[string]queue.DeadLetter `json:"dead,omitempty"`
	names   []string
}

// Run is called by kong.
func (c *statusCmd) Run(ctx context.Context, to *cmdline.Console) error {
	o, err := c.open(ctx, "sweep status")
	if err != nil {
		return err
	}
	defer o.Close()
	// If nobody works on the store, nothing changes.
	live := !o.owner && to.Terminal() && !c.Once && !c.JSON && os.Getenv("TERM") != "dumb"
	for {
		v, err := c.look(ctx, o.Queue)
		if err != nil {
			return err
		}
		if c.JSON {
			return json.NewEncoder(to.Out).Encode(v)
		}
		var b strings.Builder
		v.write(&b)
		if !live {
			_, err := fmt.Fprint(to.Out, b.String())
			return err
		}
		fmt.Fprint(to.Out, "\x1b[H\x1b[J", b.String())
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return nil
		}
	}
}

func (c *statusCmd) look(ctx context.Context, q *queue.Queue) (*overview, error) {
	v := &overview{Sweeps: make(map[string]queue.State)}
	var err error
	if v.names, err = q.Sweeps(ctx); err != nil {
		return nil, err
	}
	for _, name := range v.names {
		// A sweep of another version must not hide the others.
		s, err := state(ctx, q, name)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			s.Trouble = err.Error()
		}
		v.Sweeps[name] = s
	}
	if v.Workers, err = q.Workers(ctx); err != nil {
		return nil, err
	}
	if c.Dead {
		v.Dead, err = q.Dead(ctx, "")
	}
	return v, err
}

func state(ctx context.Context, q *queue.Queue, name string) (queue.State, error) {
	s, err := q.Spec(ctx, name)
	if err != nil {
		return queue.State{}, err
	}
	p, err := programOf(s)
	if err != nil {
		return queue.State{}, err
	}
	if q, err = lane(ctx, q, s); err != nil {
		return queue.State{}, err
	}
	return q.State(ctx, s, p)
}

func (v *overview) write(b *strings.Builder) {
	t := tabwriter.NewWriter(b, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "sweep\ttrials\tdone\tfailed\twaiting\tgiven up")
	for _, name := range v.names {
		s := v.Sweeps[name]
		if s.Trouble != "" {
			fmt.Fprintf(t, "%s\t%s\n", plaintext.Line(name), plaintext.Line(s.Trouble))
			continue
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\n", plaintext.Line(name), s.Total, s.Done, s.Failed, s.Waiting, s.Dead)
	}
	t.Flush()
	for _, name := range v.names {
		if s := v.Sweeps[name]; s.Foreign+s.Damaged > 0 {
			fmt.Fprintf(b, "%s: %d results of no trial of it, %d that cannot be read\n", plaintext.Line(name), s.Foreign, s.Damaged)
		}
	}
	fmt.Fprintln(b)
	t = tabwriter.NewWriter(b, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "worker\tmade\tat work on\tdone\tfor")
	for _, w := range v.Workers {
		trial, done := "-", ""
		if w.Trial != "" {
			trial = w.Sweep + " " + w.Trial[:8]
		}
		if w.Total > 0 {
			done = fmt.Sprintf("%.0f %%", 100*float64(w.Done)/float64(w.Total))
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%v\n", plaintext.Line(w.Name), w.Made, trial, done, w.For())
	}
	t.Flush()
	for _, name := range slices.Sorted(maps.Keys(v.Dead)) {
		fmt.Fprintf(b, "\ndead letter %s: %s\n", plaintext.Line(v.Dead[name].From), plaintext.Line(v.Dead[name].Reason))
	}
}
