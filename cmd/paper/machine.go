package main

import (
	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/internal/processor"
	"github.com/gorgonia-dropout/dropout/models"
)

// machine describes a device that a training is on, with the processor's products.
func (l *studyRun) machine(device string) string {
	if device == models.CPU {
		return processor.Name() + ", " + l.blas
	}
	d, err := cuda.Open(device)
	if err != nil {
		return device // what went wrong is not for a record of a training that runs
	}
	defer d.Close()
	return d.Describe()
}

// machines returns where each record's network was trained.
func machines(of []record) []string {
	var names []string
	for _, r := range of {
		names = append(names, r.Machine)
	}
	return names
}
