package mnistrun

import (
	"math"

	"github.com/gorgonia-dropout/dropout/schedule"
)

// rate returns the learning rate over a run of the given number of steps.
func (c *Config) rate(steps int64) schedule.Schedule {
	if c.Warmup == 0 {
		return c.schedule(c.LR, steps)
	}
	warm := int64(c.Warmup)
	return schedule.Warmup{Steps: warm, Then: c.schedule(c.LR, max(1, steps-warm))}
}

// schedule returns the learning rate over a run of the given number of steps.
// All schedules except the constant one end near 1/100 of lr.
func (c *Config) schedule(lr float64, steps int64) schedule.Schedule {
	const last = 0.01
	switch c.Schedule {
	case "cosine":
		return schedule.Cosine{Initial: lr, Steps: steps}
	case "step":
		return schedule.StepDecay{Initial: lr, Gamma: 0.1, Every: (steps + 2) / 3}
	case "exponential":
		return schedule.Exponential{Initial: lr, Gamma: math.Pow(last, 1/float64(steps))}
	case "inverse":
		return schedule.InverseTime{Initial: lr, K: (1/last - 1) / float64(steps)}
	}
	return schedule.Constant(lr)
}
