package mnistrun

import (
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

// Loading is [room.Insist.Room] for a network of c that is read from a file.
func (i Insist) Loading(c *Config) error {
	m, err := c.Model(side*side, classes, 0, models.AsSketch())
	if err != nil {
		return err
	}
	return i.Room(perLoaded * int64(m.NumParams()))
}
