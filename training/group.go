package training

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// A Group has settings of its own for the parameters whose names match a pattern. The
// usual exemption of biases from weight decay, and a lower learning rate for layers that
// were loaded, are
//
//	Groups: []training.Group{
//		{Params: "*.bias", WeightDecay: optim.Zero},
//		{Params: "features.*", LRFactor: 0.1},
//	}
//
// A parameter of both, such as features.0.bias, is in the first group only.
type Group struct {
	// Params is a pattern of path.Match, in which * stands for any characters, dots too:
	// "*.bias", "0.*", "*". One that matches no parameter is an error.
	Params string
	// LRFactor multiplies the learning rate, whatever its schedule; 0 means 1. It needs
	// a solver of package optim.
	LRFactor float64
	// WeightDecay replaces that of the solver and its schedule; 0 leaves it, and optim.Zero
	// stands for 0. It needs a solver of package optim.
	WeightDecay float64
	// Frozen leaves the parameters as they are; see [models.Model.Freeze].
	Frozen bool
}

// groupOf returns the first group that a parameter is in, the zero Group for none.
func groupOf(groups []Group, param string) Group {
	for _, g := range groups {
		if ok, _ := path.Match(g.Params, param); ok {
			return g
		}
	}
	return Group{}
}

// checkGroups returns an error if a group is of no use.
func (t *Trainer) checkGroups() error {
	for i, g := range t.Groups {
		_, err := path.Match(g.Params, "")
		switch {
		case err != nil:
			return errors.Wrapf(err, "Groups: pattern of group %d, %q", i, g.Params)
		case !slices.ContainsFunc(t.Model.Params(), func(p *models.Param) bool { ok, _ := path.Match(g.Params, p.Name()); return ok }):
			return errors.Errorf("Groups: pattern of group %d must match a parameter, got %q", i, g.Params)
		case !(g.LRFactor >= 0) || !finite(g.LRFactor):
			return errors.Errorf("Groups: LRFactor of %q must be finite and not negative, got %v", g.Params, g.LRFactor)
		case !(g.WeightDecay >= 0) || !finite(g.WeightDecay):
			return errors.Errorf("Groups: WeightDecay of %q must be finite and not negative, got %v", g.Params, g.WeightDecay)
		case (g.LRFactor != 0 || g.WeightDecay != 0) && !optim.UpdatesBlocks(t.Solver):
			return errors.Errorf("Groups: solver must be of package optim for LRFactor and WeightDecay of %q, got %T", g.Params, t.Solver)
		}
	}
	return nil
}

// describeGroups returns the groups with their settings.
func describeGroups(groups []Group) string {
	var all []string
	for _, g := range groups {
		all = append(all, fmt.Sprintf("%+v", g))
	}
	return strings.Join(all, " ")
}

// LRFactor is for the solvers of package optim.
func (p *trainedParam) LRFactor() float64 {
	if p.group.LRFactor == 0 {
		return 1
	}
	return p.group.LRFactor
}

// WeightDecay is for the solvers of package optim.
func (p *trainedParam) WeightDecay(solver float64) float64 {
	switch p.group.WeightDecay {
	case 0:
		return solver
	case optim.Zero:
		return 0
	}
	return p.group.WeightDecay
}
