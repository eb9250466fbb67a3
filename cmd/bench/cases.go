package main

import (
	"fmt"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// A benchCase is one thing that is measured, in a process of its own.
type benchCase struct {
	Name  string // group and what is measured, as "mlp/dropout"
	Group string
	Title string

	with  program  // who runs it
	args  []string // its arguments, for another program than this one
	env   []string
	quick bool // the table at the end needs it
	work  func() (loop, error)
}

// program is who runs a case.
type program string

const (
	own   program = ""
	torch program = "PyTorch"
	gomlx program = "GoMLX"
)

// A loop does one step after the other for as long as next, which it calls
// before the first, between any two and after the last, says so.
type loop func(next func() bool) error

// steps is the loop of a function that does one step.
func steps(step func() error) loop {
	return func(next func() bool) error {
		for next() {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	}
}

const (
	mega    = 1 << 20
	pureGo  = "DROPOUT_BLAS=gonum"
	library = "DROPOUT_BLAS=library"
	generic = "DROPOUT_KERNEL=generic"
)

// cases returns all there is to measure, in the order of the tables.
func cases() []*benchCase {
	var all []*benchCase
	add := func(c benchCase) { all = append(all, &c) }

	for _, size := range []struct {
		name string
		n    int
	}{{"1M", mega}, {"16M", 16 * mega}} {
		group, n, small := "op-"+size.name, size.n, size.n == mega
		what := " of dropout, " + size.name + " float32"
		for _, c := range []benchCase{
			{Name: "both", Title: "forward and backward" + what, quick: small, work: func() (loop, error) { return dropoutOp(n, true) }},
			{Name: "both-generic", Title: "the same without assembly", env: []string{generic}, work: func() (loop, error) { return dropoutOp(n, true) }},
			{Name: "both-gorgonia", Title: "gorgonia.Dropout", quick: small, work: func() (loop, error) { return gorgoniaDropoutOp(n, true) }},
			torchCase("both", "both-"+size.name, 1, small),
			torchCase("both", "both-"+size.name, 2, small),
			{Name: "both-gomlx", Title: "GoMLX", with: gomlx, args: []string{group}},
			{Name: "forward", Title: "forward" + what, quick: !small, work: func() (loop, error) { return dropoutOp(n, false) }},
			{Name: "forward-gorgonia", Title: "gorgonia.Dropout", work: func() (loop, error) { return gorgoniaDropoutOp(n, false) }},
			torchCase("forward", "forward-"+size.name, 1, false),
			torchCase("forward", "forward-"+size.name, 2, false),
			{Name: "memcpy", Title: "copying the memory", quick: !small, work: func() (loop, error) { return memcpy(n), nil }},
		} {
			c.Group, c.Name = group, group+"/"+c.Name
			add(c)
		}
	}

	for _, c := range []benchCase{
		{Name: "dropout", Title: "step with dropout", quick: true, work: func() (loop, error) { return mlp{p: 0.5}.loop() }},
		{Name: "none", Title: "without dropout", quick: true, work: func() (loop, error) { return mlp{}.loop() }},
		{Name: "adam", Title: "with dropout, Adam", quick: true, work: func() (loop, error) { return mlp{p: 0.5, adam: true}.loop() }},
		{Name: "submatrix", Title: "with submatrix dropout", quick: true, work: func() (loop, error) { return mlp{p: 0.5, submatrix: true}.loop() }},
		{Name: "plain", Title: "with dropout, unfused (WithoutFusion)", work: func() (loop, error) { return mlp{p: 0.5, plain: true}.loop() }},
		{Name: "gonum", Title: "with dropout, pure Go", quick: true, env: []string{pureGo}, work: func() (loop, error) { return mlp{p: 0.5}.loop() }},
		{Name: "gonum-submatrix", Title: "with submatrix dropout, pure Go", quick: true, env: []string{pureGo}, work: func() (loop, error) { return mlp{p: 0.5, submatrix: true}.loop() }},
		{Name: "gonum-none", Title: "without dropout, pure Go", env: []string{pureGo}, work: func() (loop, error) { return mlp{}.loop() }},
		{Name: "stock", Title: "stock Gorgonia, gonum", quick: true, env: []string{pureGo}, work: func() (loop, error) { return stockMLP(128) }},
		{Name: "stock-blas", Title: "stock Gorgonia, the library found", env: []string{library}, work: func() (loop, error) { return stockMLP(128) }},
		torchCase("dropout", "mlp-dropout", 1, true),
		torchCase("dropout", "mlp-dropout", 2, true),
		torchCase("none", "mlp-none", 2, false),
		torchCase("adam", "mlp-adam", 2, false),
		{Name: "gomlx", Title: "GoMLX, SGD without momentum", with: gomlx, args: []string{"mlp"}},
	} {
		c.Group, c.Name = "mlp", "mlp/"+c.Name
		add(c)
	}

	for _, c := range []benchCase{
		{Name: "dropout", Title: "step with dropout", quick: true, work: func() (loop, error) { return cnn(0.25, 0.5) }},
		{Name: "none", Title: "without dropout", work: func() (loop, error) { return cnn(0, 0) }},
		{Name: "gonum", Title: "with dropout, pure Go", env: []string{pureGo}, work: func() (loop, error) { return cnn(0.25, 0.5) }},
		{Name: "stock", Title: "stock Gorgonia, gonum", env: []string{pureGo}, work: stockCNN},
		{Name: "stock-blas", Title: "stock Gorgonia, the library found", env: []string{library}, work: stockCNN},
		torchCase("dropout", "cnn", 1, true),
		torchCase("dropout", "cnn", 2, true),
		{Name: "gomlx", Title: "GoMLX, SGD without momentum", with: gomlx, args: []string{"cnn"}},
	} {
		c.Group, c.Name = "cnn", "cnn/"+c.Name
		add(c)
	}

	for _, c := range []benchCase{
		{Name: "dropout", Title: "epoch of the MLP with dropout", work: func() (loop, error) { return epoch(1280) }},
		{Name: "gonum", Title: "pure Go", env: []string{pureGo}, work: func() (loop, error) { return epoch(1280) }},
		torchCase("dropout", "epoch", 1, false),
		torchCase("dropout", "epoch", 2, false),
	} {
		c.Group, c.Name = "epoch", "epoch/"+c.Name
		add(c)
	}

	for _, width := range []int{256, 512, 1024, 2048} {
		add(benchCase{Group: "width", Name: fmt.Sprintf("width/%d", width), Title: fmt.Sprintf("%d units in each hidden layer", width),
			work: func() (loop, error) { return mlp{p: 0.5, width: width}.loop() }})
	}
	for _, batch := range []int{32, 64, 128, 256, 512} {
		add(benchCase{Group: "batch", Name: fmt.Sprintf("batch/%d", batch), Title: fmt.Sprintf("%d examples in a step", batch),
			work: func() (loop, error) { return mlp{p: 0.5, batch: batch}.loop() }})
	}
	for _, images := range []int{1280, 2560, 5120} {
		add(benchCase{Group: "data", Name: fmt.Sprintf("data/%d", images), Title: fmt.Sprintf("epoch of %d images", images),
			work: func() (loop, error) { return epoch(images) }})
	}
	return all
}

// torchCase is PyTorch's case of the given name on some threads. OpenMP and the
// BLAS it calls are told the same number: it sets only the first of them itself.
func torchCase(name, script string, threads int, quick bool) benchCase {
	plural := "s"
	if threads == 1 {
		plural = ""
	}
	return benchCase{
		Name: fmt.Sprintf("%s-torch%d", name, threads), Title: fmt.Sprintf("PyTorch, %d thread%s", threads, plural),
		with: torch, args: []string{script, fmt.Sprint(threads)}, quick: quick,
		env: []string{fmt.Sprintf("OMP_NUM_THREADS=%d", threads), fmt.Sprintf("OPENBLAS_NUM_THREADS=%d", threads)},
	}
}

// mlp is a training step of the multilayer perceptron. The zero value is that of
// 784-1024-1024-1024-10 on batches of 128, without dropout, by SGD with momentum.
type mlp struct {
	p            float64
	width, batch int
	adam, plain  bool
	submatrix    bool
}

func (m mlp) loop() (loop, error) {
	if m.width == 0 {
		m.width = 1024
	}
	if m.batch == 0 {
		m.batch = 128
	}
	var opts []models.Option
	if m.plain {
		opts = append(opts, models.WithoutFusion())
	}
	model, err := models.New(models.MLP{
		Inputs: 784, Hidden: []int{m.width, m.width, m.width}, Outputs: 10, HiddenDropout: m.p, Submatrix: m.submatrix,
	}, []int{784}, opts...)
	if err != nil {
		return nil, err
	}
	if m.adam {
		return trainingStep(model, &optim.Adam{LR: 0.0001}, m.batch), nil
	}
	return trainingStep(model, &optim.SGD{LR: 0.01, Momentum: 0.9}, m.batch), nil
}

// cnn is a training step of a convolutional network on batches of 64.
func cnn(channelDropout, hiddenDropout float64) (loop, error) {
	model, err := models.New(models.ConvNet{
		Channels: []int{32, 64}, Hidden: []int{128}, Outputs: 10,
		ChannelDropout: channelDropout, HiddenDropout: hiddenDropout,
	}, []int{1, 28, 28})
	if err != nil {
		return nil, err
	}
	return trainingStep(model, &optim.SGD{LR: 0.01, Momentum: 0.9}, 64), nil
}
