package main

import (
	"cmp"
	"fmt"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/variant"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// logistic is the activation that is not ReLU.
const logistic = "logistic"

// An arm is a row of a table or a point of a curve: a network and its
// regularization. Probabilities are of dropping; the paper's are of keeping.
type arm struct {
	Name    string  `json:"name"`
	Hidden  []int   `json:"hidden"` // units, as in the paper
	Dropout dropout `json:"kind"`
	Input   float64 `json:"input"` // probability at the inputs
	Drop    float64 `json:"drop"`  // and in hidden layers
	// Activation is "" for ReLU, or "logistic".
	Activation string `json:"activation"`
	// Autoencoder networks reconstruct the inputs instead of classifying them.
	Autoencoder bool `json:"autoencoder"`

	L2       float64 `json:"l2"`
	L1       float64 `json:"l1"`
	Sparsity float64 `json:"sparsity"` // weight of the KL penalty, 0 for none
	MaxNorm  float64 `json:"max_norm"`
	ClipNorm float64 `json:"clip_norm,omitempty"` // of all gradients together, 0 for no limit

	// Rate is the total learning rate of a repeated gradient: a step's rate is
	// Rate*(1-momentum).
	Rate float64 `json:"rate"`
	// Images is the size of the training set; 0 means that of the budget.
	Images int `json:"images"`
	// Share is the fraction of the budget's updates; 0 means all.
	Share float64 `json:"share,omitempty"`
	// Updates are the arm's own instead of the budget's; 0 means the budget's. A
	// trial has them as its budget's, so that it is the same one in all budgets.
	Updates int `json:"-"`
	// Init says what weights are at first: "" for what suits the network, or smallNormal.
	Init string `json:"init,omitempty"`
	// LastMomentum and Decay are for the study of suspicions; 0 and "" mean what
	// all others have.
	LastMomentum float64 `json:"last_momentum,omitempty"` // instead of the usual one
	Decay        string  `json:"decay,omitempty"`         // of the learning rate
	// Variant is for the study of variants, whose arms have nothing of the
	// above but Hidden, Rate and Images; nil in all other studies.
	Variant *variant.Choice `json:"variant,omitempty"`

	paper      float64 // the paper's test error in per cent; 0 if it has none
	paperError float64 // its standard error; 0 if the paper has none
}

// A dropout is what training does to units or weights.
type dropout string

const (
	bernoulli   dropout = "" // each unit of each example independently
	gaussian    dropout = "gaussian"
	dropConnect dropout = "dropconnect" // the outgoing weights of hidden units
	batchwise   dropout = "batchwise"   // one mask for the whole batch
	exactK      dropout = "exact-k"     // one mask, a fixed number of units, thinned products
)

const (
	pixels  = 784
	classes = 10
)

// widths returns the units of the hidden layers, divided by shrink.
func (a arm) widths(shrink int) []int {
	w := make([]int, len(a.Hidden))
	for i, n := range a.Hidden {
		w[i] = max(4, (n+shrink/2)/shrink)
	}
	return w
}

// inputs returns the number of inputs of the network.
func (a arm) inputs() int {
	if a.Variant != nil {
		return a.Variant.On().Inputs
	}
	return pixels
}

// outputs returns the number of outputs of the network.
func (a arm) outputs() int {
	switch {
	case a.Variant != nil:
		return a.Variant.On().Classes
	case a.Autoencoder:
		return pixels
	}
	return classes
}

// weights returns the number of weights, without biases.
func (a arm) weights(shrink int) int {
	n, in := 0, a.inputs()
	for _, w := range append(a.widths(shrink), a.outputs()) {
		n, in = n+in*w, w
	}
	return n
}

// model returns the untrained network and its training loss.
func (a arm) model(shrink int, seed uint64, opts ...models.Option) (*models.Model, training.Loss, error) {
	penalty := &sparsity{weight: a.Sparsity, target: sparsityTarget}
	var net models.Layer
	switch {
	case a.Dropout == exactK:
		net = thinned{a, a.widths(shrink)}
	default:
		layers, err := a.layers(shrink, penalty)
		if err != nil {
			return nil, nil, err
		}
		net = layers
	}
	loss := training.CrossEntropy()
	if a.Autoencoder {
		net, loss = residual{net}, training.Unweighted(squares)
	}
	if a.Sparsity > 0 {
		loss = penalty.add(loss)
	}
	m, err := models.New(net, []int{pixels}, append(opts, models.WithSeed(seed))...)
	return m, loss, err
}

// layers returns the network, unless it is the thinned one.
func (a arm) layers(shrink int, penalty *sparsity) (models.Sequential, error) {
	drop := func(p float64) models.Layer {
		switch a.Dropout {
		case gaussian:
			return models.GaussianDropout(p)
		case batchwise:
			return models.Batchwise(p)
		}
		return models.Dropout(p)
	}
	activation := models.Layer(models.ReLU())
	switch a.Activation {
	case "":
	case logistic:
		activation = models.Sigmoid()
	default:
		return nil, errors.Errorf("activation must be %s or none, got %q", logistic, a.Activation)
	}
	init, err := a.weightInit()
	if err != nil {
		return nil, err
	}
	layers := models.Sequential{drop(a.Input)}
	in := pixels
	linear := func(out int) models.Layer {
		l := models.LinearLayer{In: in, Out: out, Init: init}
		if a.Dropout == dropConnect && in != pixels {
			return models.DropConnectLayer{Linear: l, P: a.Drop}
		}
		return l
	}
	for _, units := range a.widths(shrink) {
		layers = append(layers, linear(units), activation)
		if a.Sparsity > 0 {
			layers = append(layers, penalty)
		}
		if a.Dropout != dropConnect {
			layers = append(layers, drop(a.Drop))
		}
		in = units
	}
	return append(layers, linear(a.outputs())), nil
}

// smallNormal is the name of weights that are at first normal with a standard deviation
// of 0.01, as in 2012.
const smallNormal = "normal 0.01"

// weightInit returns what weights are at first.
func (a arm) weightInit() (models.Init, error) {
	switch {
	case a.Init != "" && a.Init != smallNormal:
		return nil, errors.Errorf("init must be %s or none, got %q", smallNormal, a.Init)
	case a.Init == smallNormal, a.Autoencoder:
		// With large weights an autoencoder would first learn to turn all units
		// off, and the weights of pixels that are always off would hide the
		// features.
		return models.Normal(0.01), nil
	case a.Activation == logistic:
		return models.GlorotNormal, nil
	}
	return models.HeNormal, nil
}

// settlesInit says whether an arm has its own weights at first, so that --small-weights must
// leave it alone.
func (a arm) settlesInit() bool { return a.Init != "" || a.Autoencoder || a.Variant != nil }

// smallWeights returns the arm with small weights at first, if it is a network of ReLUs.
func (a arm) smallWeights() arm {
	if a.Activation == "" {
		a.Init = smallNormal
	}
	return a
}

// thinned is a network of ReLUs with exact-k dropout that computes with the
// kept units only (Graham, Reizenstein and Robinson 2015).
type thinned struct {
	arm
	hidden []int
}

// Apply implements models.Layer.
func (t thinned) Apply(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	var rows *ops.Kept
	training := s.Mode() != models.Eval
	if t.Input > 0 {
		stream, _ := s.DropoutStream()
		if training {
			kept, err := ops.KeepColumns(x, t.Input, stream)
			if err == nil {
				x, err = kept.Select(x)
			}
			if err != nil {
				return nil, err
			}
			rows = kept
		}
	}
	init, err := t.weightInit()
	if err != nil {
		return nil, err
	}
	in := pixels
	for i, units := range append(t.hidden, classes) {
		layer := s.Child(string(rune('0' + i)))
		w, err := layer.Param("weight", []int{in, units}, init)
		if err != nil {
			return nil, err
		}
		b, err := layer.Param("bias", []int{units}, models.Zeros)
		if err != nil {
			return nil, err
		}
		act, cols := nn.ActivationNone, (*ops.Kept)(nil)
		if i < len(t.hidden) {
			act = nn.ActivationReLU
			if stream, _ := s.DropoutStream(); training && t.Drop > 0 {
				if cols, err = ops.KeepColumns(w, t.Drop, stream); err != nil {
					return nil, err
				}
			}
		}
		if x, err = thin(x, w, b, act, rows, cols); err != nil {
			return nil, err
		}
		rows, in = cols, units
	}
	return x, nil
}

// thin is a layer from the kept units rows to the kept units cols; nil means
// all.
func thin(x, w, b *gorgonia.Node, act nn.Activation, rows, cols *ops.Kept) (*gorgonia.Node, error) {
	var err error
	if rows != nil || cols != nil {
		w, err = ops.Submatrix(w, rows, cols)
	}
	if err == nil && cols != nil {
		b, err = ops.Subvector(b, cols)
	}
	if err != nil {
		return nil, err
	}
	y, err := nn.Dense(x, w, b, act)
	if err != nil || cols == nil {
		return y, err
	}
	return cols.Scale(y)
}

// lastMomentum and batch are the paper's.
const (
	firstMomentum = 0.5
	lastMomentum  = 0.95
	batch         = 100
)

// rates are the learning rates of a training. A gradient has the same total
// effect whatever the momentum, and decreasing along half a cosine, or as the
// arm says.
type rates struct {
	momentum schedule.Linear
	total    schedule.Schedule
}

// rates raises the momentum over the first fifth of the updates.
func (a arm) rates(rate float64, updates int64) (rates, error) {
	r := rates{
		schedule.Linear{From: firstMomentum, To: cmp.Or(a.LastMomentum, lastMomentum), End: max(1, updates/5)},
		schedule.Cosine{Initial: rate, Steps: updates},
	}
	switch a.Decay {
	case "":
	case exponential:
		r.total = schedule.Exponential{Initial: rate, Gamma: math.Pow(lastRate, 1/float64(updates))}
	default:
		return r, errors.Errorf("decay must be %s or none, got %q", exponential, a.Decay)
	}
	return r, nil
}

// At implements schedule.Schedule.
func (r rates) At(step int64) float64 { return r.total.At(step) * (1 - r.momentum.At(step)) }

func (r rates) String() string { return fmt.Sprintf("%v*(1-%v)", r.total, r.momentum) }

// updates returns the arm's own number of updates, or its share of the given
// number, or all of a small number.
func (a arm) updates(of int) int {
	const enough = 1000
	switch {
	case a.Updates > 0:
		return a.Updates
	case a.Share == 0:
		return of
	}
	return max(min(of, enough), int(math.Ceil(a.Share*float64(of))))
}

// trainer returns a trainer of the arm for about its share of the given number
// of updates, in whole epochs, on n images.
func (a arm) trainer(shrink, updates, n int, rate float64, seed uint64, opts ...models.Option) (*training.Trainer, error) {
	updates = a.updates(updates)
	if a.Variant != nil {
		return a.variantTrainer(shrink, updates, n, rate, seed, opts...)
	}
	m, loss, err := a.model(shrink, seed, opts...)
	if err != nil {
		return nil, err
	}
	solver := &optim.SGD{
		LR: rate, Momentum: firstMomentum,
		Regularization: optim.Regularization{WeightDecay: a.L2, L1: a.L1, MaxNorm: a.MaxNorm, ClipNorm: a.ClipNorm},
	}
	epochs, steps := wholeEpochs(updates, n)
	r, err := a.rates(rate, steps)
	if err != nil {
		return nil, err
	}
	return &training.Trainer{
		Model: m, Solver: solver, LR: r, Momentum: r.momentum, Loss: loss, Epochs: epochs, BatchSize: batch, Seed: seed,
	}, nil
}

// wholeEpochs returns how many epochs on n images are about as many updates, at
// least one, and the updates of these.
func wholeEpochs(updates, n int) (epochs int, steps int64) {
	each := (n + batch - 1) / batch
	epochs = max(1, int(math.Round(float64(updates)/float64(each))))
	return epochs, int64(epochs) * int64(each)
}
