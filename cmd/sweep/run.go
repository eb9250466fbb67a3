package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/configfile"
	"github.com/gorgonia-dropout/dropout/internal/datafile"
	"github.com/gorgonia-dropout/dropout/internal/plaintext"
	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/internal/sweep/connect"
	"github.com/gorgonia-dropout/dropout/internal/sweep/livepage"
	"github.com/gorgonia-dropout/dropout/internal/sweep/queue"
	"github.com/gorgonia-dropout/dropout/report/live"
)

// runCmd runs a sweep.
type runCmd struct {
	server
	Spec string `arg:"" optional:"" type:"existingfile" help:"YAML file that says what to try; the flags below add to it or replace it."`

	Name    string   `group:"Spec" help:"Name of the sweep."`
	Method  string   `group:"Spec" help:"grid, random, halving or asha."`
	Grid    []string `group:"Spec" sep:"none" help:"Values of a setting to try." placeholder:"SETTING=A,B,C"`
	Space   []string `group:"Spec" sep:"none" help:"Range of a setting to draw from, in YAML." placeholder:"SETTING={log: [A, B]}"`
	Set     []string `group:"Spec" sep:"none" help:"Value of a setting for all trials." placeholder:"SETTING=A"`
	Trials  *int     `group:"Spec" help:"Configurations to draw." placeholder:"N"`
	Seeds   *int     `group:"Spec" help:"Seeds for each configuration." placeholder:"N"`
	Command string   `group:"Spec" help:"Program to run, in YAML; cmd/mnist by default." placeholder:"{run: [PROGRAM, ARG]}"`
	Halving string   `group:"Spec" help:"How halving and asha raise a setting, in YAML." placeholder:"{min: A, max: B}"`
	Metric  string   `group:"Spec" help:"Metric to minimize; error by default." placeholder:"NAME"`

	trialLimits
	Workers int    `default:"2" help:"Workers to start on this machine; 0 for none."`
	Serve   string `help:"Show the results on a web page while the sweep runs, for instance at :8080; visible to this machine only, unless the address names a host." placeholder:"ADDRESS"`
	Out     string `help:"Directory for the tables, plots and page; runs/NAME by default." type:"path" placeholder:"DIR"`
}

// Run is called by kong.
func (c *runCmd) Run(ctx context.Context, to *cmdline.Console) error {
	if c.Workers < 0 || c.Workers > 1024 {
		return cmdline.Usagef("--workers must be in [0, 1024], got %d", c.Workers)
	}
	if err := c.trialLimits.check(); err != nil {
		return err
	}
	s, err := c.spec()
	if err != nil {
		return cmdline.Usage(err)
	}
	if s.Command != nil {
		if s.Program, err = s.Command.Identify(); err != nil {
			return cmdline.Usage(err)
		}
	}
	p, err := programOf(s)
	if err != nil {
		return cmdline.Usage(err)
	}
	plan, err := sweep.NewPlan(ctx, s, p)
	if err != nil {
		return cmdline.Usage(err)
	}
	o, err := c.open(ctx, "sweep run "+s.Name)
	if err != nil {
		return err
	}
	defer o.Close()
	if o.Queue, err = lane(ctx, o.Queue, s); err != nil {
		return err
	}
	o.Queue.Version = connect.Version()
	given, err := givenBy(s)
	if err != nil {
		return err
	}
	to.Logf("Sweep %s: %d trials of %s on %s.", s.Name, plan.Total(), s.Program, o.connection.URL)
	log := *to
	status := &statusLine{w: to.Log, width: func() int { return cmdline.Columns(to.Log) }}
	redraws := cmdline.Redraws(to.Log)
	if redraws {
		log.Log = status
	}
	var page net.Listener
	if c.Serve != "" {
		if page, err = live.Listen(c.Serve); err != nil {
			return errors.Wrap(err, "--serve")
		}
		defer page.Close()
		to.Logf("The results so far: http://%s/", page.Addr())
	}
	start := time.Now()
	working, broken := context.WithCancelCause(ctx)
	stop := func() { broken(nil) }
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := o.guard(working); err != nil {
			broken(err)
		}
	})
	shown := &livepage.Page{Spec: s, Look: func(ctx context.Context) (*livepage.Look, error) { return look(ctx, o.Queue, plan, p) }}
	if page != nil {
		wg.Go(func() {
			if err := shown.Serve(working, page); err != nil {
				log.Logf("--serve: %v", err)
			}
		})
	}
	for i := range c.Workers {
		wg.Go(func() { c.work(working, &log, o.connection, given, i) })
	}
	last := time.Time{}
	results, err := o.Run(working, s, p, func(state queue.State) {
		if time.Since(last) >= time.Second || state.Waiting == 0 {
			last = time.Now()
			if !redraws {
				to.Logf("%s", line(state))
				return
			}
			workers, err := o.Workers(ctx)
			if err != nil {
				workers = nil // the next look may find them
			}
			status.show(plaintext.Line(statusOf(s, state, workers, time.Since(start))))
		}
	})
	if cause := context.Cause(working); errors.Is(cause, queue.ErrStore) {
		err = cause
	}
	stop()
	wg.Wait()
	if redraws {
		status.show("")
	}
	if len(results) == 0 {
		if err == nil {
			err = errors.New("the sweep has no trials")
		}
		return err
	}
	to.Logf("%d trials in %.1f s.", len(results), time.Since(start).Seconds())
	out := c.Out
	if out == "" {
		out = filepath.Join("runs", s.Name)
	}
	if writeErr := write(to, s, results, out); err == nil {
		err = writeErr
	}
	return err
}

// look returns what there is of a sweep, for its page.
func look(ctx context.Context, q *queue.Queue, plan *sweep.Plan, p sweep.Program) (*livepage.Look, error) {
	kept, err := q.Results(ctx, plan)
	if err != nil {
		return nil, err
	}
	state, err := q.State(ctx, plan.Spec(), p)
	if err != nil {
		return nil, err
	}
	l := &livepage.Look{Results: kept.Results, State: state}
	if l.Workers, err = q.Workers(ctx); err != nil {
		return nil, err
	}
	running := 0
	for _, w := range l.Workers {
		if w.Sweep == plan.Spec().Name && w.Trial != "" {
			running++
		}
	}
	l.Left = timeLeft(kept.Results, state.Total-state.Done-state.Dead, running)
	return l, nil
}

// timeLeft returns how long the trials that are left take if they take as long as others
// say that they have, 0 if nobody works on them.
func timeLeft(results map[string]sweep.Result, left, running int) time.Duration {
	if running == 0 || left <= 0 {
		return 0
	}
	seconds := 0.0
	for _, r := range results {
		seconds += r.Seconds / float64(len(results))
	}
	return time.Duration(min(seconds*float64(left)/float64(running)*float64(time.Second), 1<<62))
}

// work keeps a worker running as a separate process, so that one that dies does
// not take others with it.
func (c *runCmd) work(ctx context.Context, to *cmdline.Console, at queue.Connection, given given, i int) {
	program, err := os.Executable()
	if err != nil {
		to.Logf("worker %d: %v", i, err)
		return
	}
	args := []string{"worker", "--with-input", "--nats", at.URL, "--name", fmt.Sprintf("local-%d-%d", os.Getpid(), i),
		"--trial-time", c.TrialTime.String(), "--trial-memory", fmt.Sprint(c.share(c.Workers))}
	for _, f := range [][2]string{{"--user", at.User}, {"--creds", at.Credentials}, {"--tls-ca", at.CA}, {"--tls-cert", at.Certificate}, {"--tls-key", at.CertificateKey}} {
		if f[1] != "" {
			args = append(args, f[0], f[1])
		}
	}
	if at.Insecure {
		args = append(args, "--insecure")
	}
	args = append(args, given.args()...)
	for ctx.Err() == nil {
		cmd := exec.CommandContext(ctx, program, args...)
		// Only the user can read the environment of a process.
		cmd.Env = append(os.Environ(), "SWEEP_PASSWORD="+at.Password, connect.KeyVariable+"="+at.Key)
		cmd.Stderr = to.Log
		// It ends when this process does, however that happens.
		input, err := cmd.StdinPipe()
		if err != nil {
			to.Logf("worker %d: %v", i, err)
			return
		}
		// It has time to end the programs that it has started, and loses nothing.
		cmd.Cancel, cmd.WaitDelay = input.Close, 2*grace
		if err := cmd.Run(); ctx.Err() == nil {
			to.Logf("worker %d ended and is started again: %v", i, err)
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
			}
		}
	}
}

// spec returns the spec of the file and the flags.
func (c *runCmd) spec() (*sweep.Spec, error) {
	s := &sweep.Spec{}
	if c.Spec != "" {
		data, err := read(c.Spec, sweep.MaxSpec)
		if err != nil {
			return nil, err
		}
		if s, err = sweep.ParseSpec(c.Spec, data); err != nil {
			return nil, err
		}
	}
	if s.Space == nil {
		s.Space = make(map[string]sweep.Range)
	}
	if s.Settings == nil {
		s.Settings = make(map[string]any)
	}
	if err := c.settings(s); err != nil {
		return nil, err
	}
	for _, f := range []struct {
		value string
		to    *string
	}{{c.Name, &s.Name}, {c.Method, &s.Method}, {c.Metric, &s.Metric}} {
		if f.value != "" {
			*f.to = f.value
		}
	}
	if c.Command != "" {
		var err error
		if s.Command, err = sweep.ParseCommand("--command", []byte(c.Command)); err != nil {
			return nil, err
		}
	}
	if c.Halving != "" {
		var err error
		if s.Halving, err = sweep.ParseHalving("--halving", []byte(c.Halving)); err != nil {
			return nil, err
		}
	}
	for _, f := range []struct {
		name  string
		value *int
		to    *int
	}{{"trials", c.Trials, &s.Trials}, {"seeds", c.Seeds, &s.Seeds}} {
		if f.value == nil {
			continue
		}
		// In a spec 0 stands for a value that was left out, but a flag was
		// given.
		if *f.value < 1 {
			return nil, errors.Errorf("--%s must be at least 1, got %d", f.name, *f.value)
		}
		*f.to = *f.value
	}
	if s.Method == "" && s.Trials > 0 {
		s.Method = sweep.Random
	}
	return s, s.Complete()
}

// settings applies the flags about settings. A flag replaces what the file says
// of its setting; two flags must not contradict each other.
func (c *runCmd) settings(s *sweep.Spec) error {
	given := make(map[string]bool)
	for _, f := range []struct {
		flag string
		list []string
	}{{"grid", c.Grid}, {"space", c.Space}, {"set", c.Set}} {
		for _, text := range f.list {
			name, value, ok := strings.Cut(text, "=")
			if !ok || name == "" {
				return errors.Errorf("--%s must be SETTING=VALUE, got %.80q", f.flag, text)
			}
			if given[name] {
				return errors.Errorf("--%s: %.80s must be given once", f.flag, name)
			}
			given[name] = true
			delete(s.Space, name)
			delete(s.Settings, name)
			if err := setting(s, f.flag, name, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// setting applies a flag about one setting.
func setting(s *sweep.Spec, flag, name, value string) error {
	from := fmt.Sprintf("--%s %.80s", flag, name)
	var r sweep.Range
	switch flag {
	case "grid":
		if err := configfile.YAML(from, []byte("["+value+"]"), &r.Values); err != nil {
			return err
		}
		s.Space[name] = r
	case "space":
		if err := configfile.YAML(from, []byte(value), &r); err != nil {
			return err
		}
		s.Space[name] = r
	default:
		var v any
		if err := configfile.YAML(from, []byte(value), &v); err != nil {
			return err
		}
		s.Settings[name] = v
	}
	return nil
}

// read returns the content of a file, at most one byte more than limit.
func read(path string, limit int64) ([]byte, error) {
	f, err := datafile.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit+1))
}
