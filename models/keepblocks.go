package models

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// KeepBlocks returns a new, smaller model of the blocks of m with the given
// indices, ascending from 0, and of all else that m has, with copies of its
// weights. m is not changed. Blocks are those of a [TransformerLanguageModel], or
// the parts of a [Sequential] that are a [TransformerBlock] or [LayerDropLayer];
// other networks are an error. What was frozen is so in the new model, and it
// may be trained further. See [EveryOther] for the choice of blocks.
//
// Rates that depend on depth, those of DropPath, are those of the new depth.
func KeepBlocks(m *Model, keep []int) (*Model, error) {
	const name = "models: KeepBlocks"
	if m == nil {
		return nil, errors.Errorf("%s: model must not be nil", name)
	}
	net, prefix, old, err := keepBlocks(m.net, keep)
	if err != nil {
		return nil, errors.Wrap(err, name)
	}
	small, err := New(net, m.input, func(n *Model) {
		n.dtype, n.seed, n.apart, n.sketch, n.masked = m.dtype, m.seed, m.apart, m.sketch, m.masked
		for _, in := range m.declared {
			// The others declare themselves again.
			if !in.State && (in.Name != MaskInput || !m.masked) {
				n.declared = append(n.declared, in)
			}
		}
	})
	if err != nil {
		return nil, errors.Wrap(err, name)
	}
	return small, m.View(func() error {
		for name, p := range small.byName {
			from := m.byName[oldName(name, prefix, old)]
			p.frozen = from.frozen
			if m.sketch {
				continue
			}
			if err := tensor.Copy(p.value, from.value); err != nil {
				return err
			}
		}
		return nil
	})
}

// keepBlocks returns a network with some of its blocks. Its parts that are
// numbered behind the prefix had the old numbers.
func keepBlocks(net Layer, keep []int) (small Layer, prefix string, old []int, err error) {
	switch net := net.(type) {
	case TransformerLanguageModel:
		if err := checkKept(keep, net.Blocks); err != nil {
			return nil, "", nil, err
		}
		net.Blocks = len(keep)
		return net, "blocks.", keep, nil
	case Sequential:
		var blocks []int
		for i, layer := range net {
			switch layer.(type) {
			case TransformerBlock, LayerDropLayer:
				blocks = append(blocks, i)
			}
		}
		if len(blocks) == 0 {
			break
		}
		if err := checkKept(keep, len(blocks)); err != nil {
			return nil, "", nil, err
		}
		var left Sequential
		for i, layer := range net {
			if block := slices.Index(blocks, i); block < 0 || slices.Contains(keep, block) {
				left, old = append(left, layer), append(old, i)
			}
		}
		return left, "", old, nil
	}
	return nil, "", nil, errors.Errorf("model must be a TransformerLanguageModel or a Sequential with blocks, got %T", net)
}

// checkKept returns an error unless keep are indices of n blocks, ascending.
func checkKept(keep []int, n int) error {
	for i, k := range keep {
		if k < 0 || k >= n || i > 0 && k <= keep[i-1] {
			return errors.Errorf("blocks must be ascending and in [0, %d), got %v", n, keep)
		}
	}
	return nil
}

// oldName returns the name that a tensor had before its part got a new number.
func oldName(name, prefix string, old []int) string {
	rest, ok := strings.CutPrefix(name, prefix)
	number, tail, dotted := strings.Cut(rest, ".")
	i, err := strconv.Atoi(number)
	if !ok || !dotted || err != nil {
		return name
	}
	return prefix + strconv.Itoa(old[i]) + "." + tail
}
