package mnistrun

import (
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

// Insist is the flag that lets a command begin in spite of what it needs.
type Insist struct {
	Insist bool `help:"Begin even if there seems to be too little memory."`
}

// Room returns an error, which names the flag, unless there is room for need bytes.
func (i Insist) Room(need int64) error {
	if i.Insist {
		return nil
	}
	return errors.WithMessage(room.Need(need), "too large for this machine (--insist begins all the same)")
}

// Loading is [Insist.Room] for a network of c that is read from a file.
func (i Insist) Loading(c *Config) error {
	m, err := c.Model(side*side, classes, 0, models.AsSketch())
	if err != nil {
		return err
	}
	return i.Room(perLoaded * int64(m.NumParams()))
}
