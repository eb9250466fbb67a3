package main

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/internal/sweep/queue"
)

// A statusLine is the last line of a terminal, which is drawn again, below the
// lines that are written to it.
type statusLine struct {
	mu    sync.Mutex
	w     io.Writer
	width func() int
	text  string
}

// Write writes lines above the status.
func (s *statusLine) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.text == "" {
		return s.w.Write(b)
	}
	if _, err := fmt.Fprintf(s.w, "\r\x1b[K%s", b); err != nil {
		return 0, err
	}
	if bytes.HasSuffix(b, []byte("\n")) {
		s.draw()
	}
	return len(b), nil
}

// show draws a status, which "" takes away.
func (s *statusLine) show(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = text
	fmt.Fprint(s.w, "\r\x1b[K")
	s.draw()
}

func (s *statusLine) draw() {
	fmt.Fprint(s.w, runewidth.Truncate(s.text, max(s.width()-1, 1), "…"))
}

// statusOf describes the progress of a sweep in one line: a bar, the trials under
// way and how much of each is done, the best so far and the time left. What is
// least important comes last, since the line is cut to the terminal.
func statusOf(spec *sweep.Spec, s queue.State, workers []queue.WorkerState, took time.Duration) string {
	const cells = 16
	full := 0
	if s.Total > 0 {
		full = cells * s.Done / s.Total
	}
	parts := []string{fmt.Sprintf("▕%s%s▏ %d/%d trials", strings.Repeat("█", full), strings.Repeat("·", cells-full), s.Done, s.Total)}
	if s.Best != nil && !math.IsInf(*s.Best, 0) {
		best := spec.Scaled([]sweep.Row{{Values: []float64{*s.Best}}})[0].Values[0]
		parts = append(parts, "best "+spec.Value(best))
	}
	var running []string
	known := false // a share
	for _, w := range workers {
		if w.Sweep != spec.Name || w.Trial == "" {
			continue
		}
		share := "…"
		if w.Total > 0 {
			share, known = fmt.Sprintf("%d %%", 100*w.Done/w.Total), true
		}
		running = append(running, share)
	}
	if len(running) > 0 {
		shares := " (" + strings.Join(running, ", ") + ")"
		if len(running) > 4 || !known {
			shares = ""
		}
		parts = append(parts, fmt.Sprintf("%d running%s", len(running), shares))
	}
	if left := s.Total - s.Done - s.Dead; s.Done > 0 && left > 0 {
		parts = append(parts, (took/time.Duration(s.Done)*time.Duration(left)).Round(time.Second).String()+" left")
	}
	if s.Failed > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", s.Failed))
	}
	if s.Dead > 0 {
		parts = append(parts, fmt.Sprintf("%d given up", s.Dead))
	}
	if s.Trouble != "" {
		parts = append(parts, "trying again: "+s.Trouble)
	}
	return strings.Join(parts, "  ")
}
