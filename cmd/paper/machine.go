package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/models"
)

// machine describes a device that a training is on, with the processor's products.
func (l *studyRun) machine(device string) string {
	if device == models.CPU {
		return processor() + ", " + l.blas
	}
	d, err := cuda.Open(device)
	if err != nil {
		return device // what went wrong is not for a record of a training that runs
	}
	defer d.Close()
	return d.Describe()
}

// writeMachines writes which machines have trained how many of the networks, the most
// first.
func writeMachines(w io.Writer, records []record) {
	count := make(map[string]int)
	unknown := 0
	for _, r := range records {
		if r.Machine == "" {
			unknown++
			continue
		}
		count[r.Machine]++
	}
	names := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), strings.Compare(a, b))
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s (%d)", name, count[name])
	}
	if len(names) > 0 && unknown > 0 {
		names = append(names, fmt.Sprintf("others before it was noted (%d)", unknown))
	}
	if len(names) > 0 {
		fmt.Fprintf(w, "Networks trained on: %s.\n\n", strings.Join(names, "; "))
	}
}
