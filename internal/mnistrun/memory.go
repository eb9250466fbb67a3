package mnistrun

import (
	"fmt"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/room"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
)

// Memory estimates what training takes, without making the network.
func (c *Config) Memory(s *Sets, seed uint64) (training.Memory, error) {
	t, data, err := c.Trainer(s, seed, models.AsSketch())
	if err != nil {
		return training.Memory{}, err
	}
	return t.Memory(data)
}

// perLoaded is what a parameter takes while a network is made and read from a file: its
// value, the file's, both again in the other layout, and a float64 that it is drawn as.
const perLoaded = 4*4 + 8

// Insist is [room.Insist] for networks of a configuration.
type Insist struct{ room.Insist }

// Trainings says what n trainings at a time take of which this is the largest, and returns an
// error if there is too little.
func (i Insist) Trainings(largest training.Memory, n int) (said string, err error) {
	if err := i.Room(int64(n) * largest.Total()); err != nil {
		return "", errors.WithMessagef(err, "training takes %v, %d times", largest, n)
	}
	return fmt.Sprintf("Memory for each of %d runs at a time: %v.", n, largest), nil
}

// Loading is [room.Insist.Room] for a network of c that is read from a file.
func (i Insist) Loading(c *Config) error {
	m, err := c.Model(side*side, classes, 0, models.AsSketch())
	if err != nil {
		return err
	}
	return i.Room(perLoaded * int64(m.NumParams()))
}
