package device

// Replay gives the stream the plan so many times, with its transfers or without.
func (p *Plan) Replay(transfers bool, times int) (microseconds float64, err error) {
	q := *p
	if !transfers {
		q.in.used, q.out.used = -p.List.Used(), 0
	}
	if err := p.List.Fill(); err != nil {
		return 0, err
	}
	if err := q.capture(); err != nil {
		return 0, err
	}
	defer q.graph.Close()
	start, err := p.on.cuda.NewEvent()
	if err != nil {
		return 0, err
	}
	defer start.Close()
	end, err := p.on.cuda.NewEvent()
	if err != nil {
		return 0, err
	}
	defer end.Close()
	for i := range times + 10 {
		if i == 10 {
			if err := p.on.stream.Record(start); err != nil {
				return 0, err
			}
		}
		if err := q.graph.Launch(p.on.stream); err != nil {
			return 0, err
		}
	}
	if err := p.on.stream.Record(end); err != nil {
		return 0, err
	}
	if err := p.Wait(); err != nil {
		return 0, err
	}
	took, err := end.Since(start)
	return float64(took.Nanoseconds()) / 1e3 / float64(times), err
}
