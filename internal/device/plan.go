package device

import (
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/internal/launch"
)

// A Plan is a list of launches with its memory, captured once as a graph of CUDA and
// replayed by each run. A run copies inputs and settings to the device in one piece, and
// results to the host in another.
type Plan struct {
	List *launch.List

	on    *Device
	in    piece // inputs, then settings
	out   piece // results
	owned []*cuda.Memory
	graph *cuda.Graph
	sides []side
}

// A piece is memory on the device with as much page-locked memory on the host.
type piece struct {
	at   cuda.Pointer
	host *cuda.Host
	used int
}

// take returns the next part of a piece, and its memory on the host.
func (p *piece) take(bytes int) (at cuda.Pointer, host []byte) {
	from := p.used
	p.used += aligned(bytes)
	return p.at + cuda.Pointer(from), p.host.Bytes()[from : from+bytes]
}

// aligned returns the next multiple of what any access needs.
func aligned(bytes int) int {
	const to = 256
	return (bytes + to - 1) / to * to
}

// A side is launches whose results the rest of the plan does not need: they run beside
// the launches that come after what they need.
type side struct {
	from, to int // of the list
	needs    int // the last launch that must be done before; -1 for none
}

// newPlan returns an empty plan with room for inputs and results, the sum of what is
// [aligned] of each.
func (d *Device) newPlan(inputs, results int) (*Plan, error) {
	p := &Plan{on: d}
	err := p.piece(&p.in, inputs+launch.SettingsSize)
	if err == nil {
		err = p.piece(&p.out, max(results, 1))
	}
	if err != nil {
		return nil, closing(err, p)
	}
	p.List = launch.NewList(p.in.at+cuda.Pointer(inputs), p.in.host.Bytes()[inputs:], p.Alloc)
	return p, nil
}

func (p *Plan) piece(of *piece, bytes int) (err error) {
	if of.at, err = p.Alloc(bytes); err == nil {
		of.host, err = p.on.cuda.AllocHost(bytes)
	}
	return err
}

// Alloc returns memory on the device that is freed with the plan.
func (p *Plan) Alloc(bytes int) (cuda.Pointer, error) {
	m, err := p.on.cuda.Alloc(int64(bytes))
	if err != nil {
		return 0, err
	}
	p.owned = append(p.owned, m)
	return m.Pointer(), nil
}

// capture makes the graph of all launches and transfers.
func (p *Plan) capture() (err error) {
	needed := make(map[int]*cuda.Event)
	for _, s := range p.sides {
		if needed[s.needs] == nil {
			if needed[s.needs], err = p.on.cuda.NewEvent(); err != nil {
				return err
			}
			defer needed[s.needs].Close()
		}
	}
	joined, err := p.on.cuda.NewEvent()
	if err != nil {
		return err
	}
	defer joined.Close()
	p.graph, err = p.on.stream.Capture(func() error { return p.record(needed, joined) })
	return err
}

// record gives the stream all launches and transfers.
func (p *Plan) record(needed map[int]*cuda.Event, joined *cuda.Event) error {
	main := p.on.stream
	if err := main.Write(p.in.at, p.in.host.Bytes()[:p.in.used+p.List.Used()]); err != nil {
		return err
	}
	beside := make(map[int]bool)
	for _, s := range p.sides {
		for i := s.from; i < s.to; i++ {
			beside[i] = true
		}
	}
	for i := -1; i < len(p.List.Launches); i++ {
		if i >= 0 && !beside[i] {
			if err := p.on.launch(main, p.List.Launches[i]); err != nil {
				return err
			}
		}
		if e := needed[i]; e != nil {
			if err := p.branch(i, e); err != nil {
				return err
			}
		}
	}
	if len(p.sides) > 0 {
		if err := p.on.beside.Record(joined); err != nil {
			return err
		}
		if err := main.Wait(joined); err != nil {
			return err
		}
	}
	return main.Read(p.out.host.Bytes()[:p.out.used], p.out.at)
}

// branch gives the stream beside the main one what only needs launch i and those before.
func (p *Plan) branch(i int, e *cuda.Event) error {
	if err := p.on.stream.Record(e); err != nil {
		return err
	}
	if err := p.on.beside.Wait(e); err != nil {
		return err
	}
	for _, s := range p.sides {
		if s.needs != i {
			continue
		}
		for _, l := range p.List.Launches[s.from:s.to] {
			if err := p.on.launch(p.on.beside, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// Start begins a run, with the settings of now.
func (p *Plan) Start() error {
	if p.graph == nil {
		if err := p.capture(); err != nil {
			return err
		}
	}
	if err := p.List.Fill(); err != nil {
		return err
	}
	return p.graph.Launch(p.on.stream)
}

// Wait returns when all that was started is done, with the first error of it.
func (p *Plan) Wait() error { return p.on.stream.Synchronize() }

// Close frees the plan's memory, once nothing uses it.
func (p *Plan) Close() error {
	closes := []func() error{p.graph.Close}
	if p.on.stream != nil {
		closes = []func() error{p.on.stream.Synchronize, p.graph.Close}
	}
	for _, m := range p.owned {
		closes = append(closes, m.Free)
	}
	closes = append(closes, p.in.host.Free, p.out.host.Free)
	p.graph, p.owned = nil, nil
	return errors.WithMessage(closeAll(closes...), "device: Close")
}
