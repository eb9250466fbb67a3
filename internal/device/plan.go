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

// capture makes the graph of all launches and transfers, one after the other: branches
// that could run beside each other were tried, and waiting at their joints takes longer than
// they save, since a kernel of a step already has a block for each multiprocessor.
func (p *Plan) capture() (err error) {
	p.graph, err = p.on.stream.Capture(func() error {
		if err := p.on.stream.Write(p.in.at, p.in.host.Bytes()[:p.in.used+p.List.Used()]); err != nil {
			return err
		}
		for _, l := range p.List.Launches {
			if err := p.on.launch(l); err != nil {
				return err
			}
		}
		return p.on.stream.Read(p.out.host.Bytes()[:p.out.used], p.out.at)
	})
	return err
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
