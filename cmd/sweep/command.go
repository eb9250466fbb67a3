package main

import (
	"context"
	"encoding/json"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/configfile"
	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/internal/sweep/external"
	"github.com/gorgonia-dropout/dropout/internal/sweep/queue"
)

// programOf returns the program of a spec, to plan with.
func programOf(s *sweep.Spec) (sweep.Program, error) {
	if s.Command != nil {
		return &external.Program{Command: *s.Command, Name: s.Program}, nil
	}
	if p := programs(0)[s.Program]; p != nil {
		return p, nil
	}
	return nil, errors.Errorf("program must be mnist or fake, or command must be given, got %.80q", s.Program)
}

// lane returns the part of the queue that has the trials of a spec. Those of a command are
// for workers that have been told of it: no server says what a worker executes.
func lane(ctx context.Context, q *queue.Queue, s *sweep.Spec) (*queue.Queue, error) {
	if s.Command == nil {
		return q, nil
	}
	return q.Lane(ctx, s.Program)
}

// A given is the command that a process is told to run trials by, if any, in JSON.
type given struct {
	Command string `hidden:"" help:"Command of the trials, in JSON." placeholder:"JSON"`
	Program string `hidden:"" help:"Name of its version." placeholder:"NAME"`
}

// givenBy returns the flags for a spec.
func givenBy(s *sweep.Spec) (given, error) {
	if s.Command == nil {
		return given{}, nil
	}
	data, err := json.Marshal(s.Command)
	return given{Command: string(data), Program: s.Program}, err
}

// args returns the flags on a command line.
func (g given) args() []string {
	if g.Command == "" {
		return nil
	}
	return []string{"--command", g.Command, "--program", g.Program}
}

// read returns the command, nil if there is none.
func (g given) read() (*sweep.Command, error) {
	if g.Command == "" {
		return nil, nil
	}
	c := &sweep.Command{}
	return c, configfile.JSON("--command", []byte(g.Command), c)
}

// told returns the command that a worker is told to run, as the spec in a file has it, if
// that is the version that the sweep has begun with.
func told(ctx context.Context, q *queue.Queue, path string) (given, error) {
	data, err := read(path, sweep.MaxSpec)
	if err != nil {
		return given{}, err
	}
	s, err := sweep.ParseSpec(path, data)
	if err != nil {
		return given{}, cmdline.Usage(err)
	}
	if s.Command == nil {
		return given{}, cmdline.Usagef("--spec must have a command, got none in %s: a worker without --spec runs the other trials", path)
	}
	if s.Program, err = s.Command.Identify(); err != nil {
		return given{}, err
	}
	names, err := q.Sweeps(ctx)
	if err != nil {
		return given{}, err
	}
	for _, name := range names {
		if name != s.Name {
			continue
		}
		kept, err := q.Spec(ctx, name)
		if err != nil {
			return given{}, err
		}
		if kept.Program != s.Program {
			return given{}, errors.Errorf("command of %s must be the version that the sweep has begun with, %s, got %s: its program and files must be the same", s.Name, kept.Program, s.Program)
		}
	}
	return givenBy(s)
}
