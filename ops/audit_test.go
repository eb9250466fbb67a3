package ops_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/schedule"
)

var allNoise = nn.RecurrentNoise{Dropout: 0.5, ZoneoutCell: 0.3, ZoneoutHidden: 0.2}

var audits = []struct {
	name  string
	build func(b blueprint)
	opts  []ops.AuditOption
	want  []ops.Rule
}{
	{name: "no dropout", build: func(b blueprint) { b.loss(b.linear(b.node("x", 4, 3), "a", 2)) }},
	{name: "a multilayer perceptron as it should be", build: func(b blueprint) {
		x := b.drop(b.node("x", 4, 3), 0.2)
		h := b.drop(b.relu(b.linear(x, "a", 5)), 0.5)
		b.loss(b.linear(h, "b", 2))
	}},

	{name: "dropout in a graph for training", build: func(b blueprint) { b.loss(b.linear(b.drop(b.node("x", 4, 3), 0.5), "a", 2)) }},
	{name: "dropout in a graph for evaluation", build: func(b blueprint) {
		b.loss(b.linear(b.drop(b.node("x", 4, 3), 0.5), "a", 2))
	}, opts: []ops.AuditOption{ops.ForEval()}, want: []ops.Rule{ops.DropoutInEval}},
	{name: "sampling in a graph for evaluation", build: func(b blueprint) {
		b.loss(b.linear(b.drop(b.node("x", 4, 3), 0.5, ops.WithMode(ops.Sample)), "a", 2))
	}, opts: []ops.AuditOption{ops.ForEval()}, want: []ops.Rule{ops.DropoutInEval}},
	{name: "dropout that is off in a graph for evaluation", build: func(b blueprint) {
		b.loss(b.linear(b.drop(b.node("x", 4, 3), 0.5, ops.WithMode(ops.Eval)), "a", 2))
	}, opts: []ops.AuditOption{ops.ForEval()}},

	{name: "dropout within attention in a graph for evaluation", build: func(b blueprint) {
		b.must(nn.SelfAttention(b.node("x", 2, 3, 12), 2, 0.5))
	}, opts: []ops.AuditOption{ops.ForEval()}, want: []ops.Rule{ops.DropoutInEval}},
	{name: "dropout that is off within attention in a graph for evaluation", build: func(b blueprint) {
		b.must(nn.CausalSelfAttention(b.node("x", 2, 3, 12), 2, 0.5, ops.WithMode(ops.Eval)))
	}, opts: []ops.AuditOption{ops.ForEval()}},
	{name: "noise within a recurrent layer in a graph for evaluation", build: func(b blueprint) {
		b.lstm(b.node("x", 2, 3, 4), nn.RecurrentNoise{Dropout: 0.5})
	}, opts: []ops.AuditOption{ops.ForEval()}, want: []ops.Rule{ops.DropoutInEval}},
	{name: "a recurrent layer without noise in a graph for evaluation", build: func(b blueprint) {
		b.lstm(b.node("x", 2, 3, 4), nn.RecurrentNoise{})
	}, opts: []ops.AuditOption{ops.ForEval()}},
	{name: "fused dropout in a graph for evaluation", build: func(b blueprint) {
		h := b.must(nn.DenseDropout(b.node("x", 4, 3), b.node("w", 3, 5), nil, nn.ActivationReLU, 0.5))
		b.loss(b.ourLinear(h, 2))
	}, opts: []ops.AuditOption{ops.ForEval()}, want: []ops.Rule{ops.DropoutInEval}},
	{name: "a thinned network in a graph for evaluation, its units not scaled", build: func(b blueprint) {
		w := b.node("w", 3, 8)
		k, err := ops.KeepColumns(w, 0.5)
		if err != nil {
			b.t.Fatal(err)
		}
		b.must(nn.Dense(b.node("x", 4, 3), b.must(ops.Submatrix(w, nil, k)), nil, nn.ActivationReLU))
	}, opts: []ops.AuditOption{ops.ForEval()}, want: []ops.Rule{ops.DropoutInEval}},

	{name: "dropout on logits", build: func(b blueprint) {
		b.loss(b.drop(b.linear(b.node("x", 4, 3), "a", 2), 0.5))
	}, want: []ops.Rule{ops.DropoutOnLogits}},
	{name: "dropout before a built-in softmax, with a bias between", build: func(b blueprint) {
		h := b.drop(b.must(gorgonia.Mul(b.node("x", 4, 3), b.node("w", 3, 2))), 0.5)
		b.must(gorgonia.SoftMax(b.must(gorgonia.BroadcastAdd(h, b.node("bias", 2), nil, []byte{0}))))
	}, want: []ops.Rule{ops.DropoutOnLogits}},
	{name: "dropout on the output", build: func(b blueprint) {
		b.drop(b.linear(b.node("x", 4, 3), "a", 2), 0.5)
	}, want: []ops.Rule{ops.DropoutOnLogits}},
	{name: "dropout before a softmax, with a factor between", build: func(b blueprint) {
		scores := b.must(ops.AttentionDropout(b.node("scores", 2, 2, 3, 3), 0.1))
		b.must(gorgonia.SoftMax(b.must(gorgonia.HadamardProd(scores, gorgonia.NewConstant(0.5)))))
	}, want: []ops.Rule{ops.DropoutOnLogits}},
	{name: "fused dropout on the output", build: func(b blueprint) {
		b.must(nn.DenseDropout(b.node("x", 4, 3), b.node("w", 3, 2), b.node("bias", 2), nn.ActivationNone, 0.5))
	}, want: []ops.Rule{ops.DropoutOnLogits}},
	{name: "fused dropout of hidden units", build: func(b blueprint) {
		h := b.must(nn.DenseDropout(b.node("x", 4, 3), b.node("w", 3, 5), b.node("bias", 5), nn.ActivationReLU, 0.5))
		h = b.must(nn.DenseDropout(h, b.node("w2", 5, 5), nil, nn.ActivationReLU, 0.5))
		b.loss(b.must(nn.Dense(h, b.node("w3", 5, 2), nil, nn.ActivationNone)))
	}},
	{name: "fused dropout after an activation at the end", build: func(b blueprint) {
		b.must(nn.DenseDropout(b.node("x", 4, 3), b.node("w", 3, 2), nil, nn.ActivationReLU, 0.5))
	}},
	{name: "fused dropout of a high rate and one stream", build: func(b blueprint) {
		h := b.must(nn.DenseDropout(b.node("x", 4, 3), b.node("w", 3, 5), nil, nn.ActivationReLU, 0.9, ops.WithLayer(3)))
		b.loss(b.linear(b.drop(h, 0.1, ops.WithLayer(3)), "a", 2))
	}, want: []ops.Rule{ops.HighRate, ops.SharedStream}},
	{name: "a thinned network with a high rate", build: func(b blueprint) {
		w := b.node("w", 3, 50)
		k, err := ops.KeepColumns(w, 0.9)
		if err != nil {
			b.t.Fatal(err)
		}
		h := b.must(nn.Dense(b.node("x", 4, 3), b.must(ops.Submatrix(w, nil, k)), nil, nn.ActivationReLU))
		b.loss(b.must(nn.Dense(b.must(k.Scale(h)), b.must(ops.Submatrix(b.node("v", 50, 2), k, nil)), nil, nn.ActivationNone)))
	}, want: []ops.Rule{ops.HighRate}},
	{name: "a fused thinned network with a high rate", build: func(b blueprint) {
		w := b.node("w", 3, 50)
		k, err := ops.KeepColumns(w, 0.9)
		if err != nil {
			b.t.Fatal(err)
		}
		h := b.must(nn.ThinnedDense(b.node("x", 4, 3), b.must(ops.Submatrix(w, nil, k)), nil, nn.ActivationReLU, k))
		b.loss(b.must(nn.Dense(h, b.must(ops.Submatrix(b.node("v", 50, 2), k, nil)), nil, nn.ActivationNone)))
	}, want: []ops.Rule{ops.HighRate}},
	{name: "dropout before our softmax", build: func(b blueprint) {
		b.must(nn.Softmax(b.drop(b.ourLinear(b.node("x", 4, 3), 2), 0.5)))
	}, want: []ops.Rule{ops.DropoutOnLogits}},
	{name: "dropout before our logarithm of the softmax, with a reshape between", build: func(b blueprint) {
		h := b.drop(b.ourLinear(b.must(nn.Tokens(b.node("x", 2, 3, 5))), 2), 0.5)
		b.must(nn.LogSoftmax(b.must(nn.Sequences(h, 3))))
	}, want: []ops.Rule{ops.DropoutOnLogits}},
	{name: "dropout before gorgonia.Sparsemax", build: func(b blueprint) {
		b.must(gorgonia.Sparsemax(b.drop(b.ourLinear(b.node("x", 4, 3), 2), 0.5)))
	}, want: []ops.Rule{ops.DropoutOnLogits}},
	{name: "dropout of the logits that R-Drop compares", build: func(b blueprint) {
		logits := b.ourLinear(b.drop(b.node("x", 4, 3), 0.5), 2)
		b.must(nn.SymmetricKL(b.drop(logits, 0.5), logits))
	}, want: []ops.Rule{ops.DropoutOnLogits}},
	{name: "two dropouts before our softmax", build: func(b blueprint) {
		b.must(nn.Softmax(b.drop(b.drop(b.ourLinear(b.node("x", 4, 3), 2), 0.5), 0.5)))
	}, want: []ops.Rule{ops.DropoutOnLogits, ops.DropoutOnLogits}},
	{name: "noise on logits", build: func(b blueprint) {
		b.must(nn.Softmax(b.must(ops.GaussianNoise(b.ourLinear(b.node("x", 4, 3), 2), 0.5))))
	}},
	{name: "dropout after an activation at the end", build: func(b blueprint) {
		b.drop(b.relu(b.linear(b.node("x", 4, 3), "a", 2)), 0.5)
	}},
	{name: "dropout on attention weights", build: func(b blueprint) {
		weights := b.must(gorgonia.SoftMax(b.node("scores", 2, 2, 3, 3)))
		b.must(gorgonia.BatchedMatMul(b.must(ops.AttentionDropout(weights, 0.1)), b.node("values", 2, 2, 3, 4)))
	}},
	{name: "dropout on attention scores", build: func(b blueprint) {
		b.must(gorgonia.SoftMax(b.must(ops.AttentionDropout(b.node("scores", 2, 2, 3, 3), 0.1))))
	}, want: []ops.Rule{ops.DropoutOnLogits}},

	{name: "dropout straight before batch normalization", build: func(b blueprint) {
		b.loss(b.batchNorm(b.drop(b.node("x", 4, 3), 0.5)))
	}, want: []ops.Rule{ops.DropoutBeforeBatchNorm}},
	{name: "dropout before a layer and batch normalization", build: func(b blueprint) {
		b.loss(b.batchNorm(b.relu(b.linear(b.drop(b.node("x", 4, 3), 0.5), "a", 5))))
	}, want: []ops.Rule{ops.DropoutBeforeBatchNorm}},
	{name: "dropout before a convolution and batch normalization", build: func(b blueprint) {
		b.batchNorm(b.conv(b.must(ops.Dropout2d(b.node("x", 2, 3, 4, 4), 0.1)), "w", 5))
	}, want: []ops.Rule{ops.DropoutBeforeBatchNorm}},
	{name: "dropout before a fused layer and our batch normalization", build: func(b blueprint) {
		h := b.must(nn.GELU(b.must(nn.Dense(b.drop(b.node("x", 4, 3), 0.5), b.node("w", 3, 5), nil, nn.ActivationReLU))))
		b.loss(b.ourBatchNorm(h))
	}, want: []ops.Rule{ops.DropoutBeforeBatchNorm}},
	{name: "two convolutions between dropout and a batch normalization", build: func(b blueprint) {
		h := b.must(nn.Conv2d(b.must(ops.Dropout2d(b.node("x", 2, 3, 8, 8), 0.5)), b.node("w", 5, 3, 3, 3), nil))
		b.ourBatchNorm(b.must(nn.Conv2d(h, b.node("v", 5, 5, 3, 3), nil)))
	}},
	{name: "fused dropout before our convolution and batch normalization", build: func(b blueprint) {
		h := b.must(ops.Dropout2d(b.node("x", 2, 3, 4, 4), 0.1))
		b.ourBatchNorm(b.must(nn.Conv2d(h, b.node("w", 5, 3, 3, 3), nil)))
	}, want: []ops.Rule{ops.DropoutBeforeBatchNorm}},
	{name: "dropout before our ReLU and batch normalization", build: func(b blueprint) {
		b.loss(b.ourBatchNorm(b.must(nn.ReLU(b.drop(b.node("x", 4, 3), 0.5)))))
	}, want: []ops.Rule{ops.DropoutBeforeBatchNorm}},
	{name: "dropout before a fused convolution and batch normalization", build: func(b blueprint) {
		h := b.must(ops.Dropout2d(b.node("x", 2, 3, 4, 4), 0.1))
		b.ourBatchNorm(b.must(nn.Conv2dReLU(h, b.node("w", 5, 3, 3, 3), b.node("bias", 5))))
	}, want: []ops.Rule{ops.DropoutBeforeBatchNorm}},
	{name: "dropout before a layer, a pool and batch normalization", build: func(b blueprint) {
		h := b.must(nn.Conv2dReLU(b.drop(b.node("x", 2, 3, 8, 8), 0.1), b.node("w", 5, 3, 3, 3), b.node("bias", 5)))
		b.ourBatchNorm(b.must(nn.AvgPool2d(b.must(nn.MaxPool2d(h, 2)), 2)))
	}, want: []ops.Rule{ops.DropoutBeforeBatchNorm}},
	{name: "dropout before a dropout and batch normalization", build: func(b blueprint) {
		b.loss(b.ourBatchNorm(b.must(ops.DropPath(b.drop(b.node("x", 4, 3), 0.5), 0.5))))
	}, want: []ops.Rule{ops.DropoutBeforeBatchNorm}},
	{name: "dropout within attention before a layer and batch normalization", build: func(b blueprint) {
		h := b.must(nn.SelfAttention(b.node("x", 2, 3, 12), 2, 0.5))
		b.loss(b.ourBatchNorm(b.ourLinear(b.must(nn.Tokens(h)), 5)))
	}, want: []ops.Rule{ops.DropoutBeforeBatchNorm}},
	{name: "dropout of what attention takes, before batch normalization", build: func(b blueprint) {
		h := b.must(nn.SelfAttention(b.drop(b.node("x", 2, 3, 12), 0.5), 2, 0))
		b.loss(b.ourBatchNorm(b.ourLinear(b.must(nn.Tokens(h)), 5)))
	}, want: []ops.Rule{ops.DropoutBeforeBatchNorm}},
	{name: "dropout before a recurrent layer and batch normalization", build: func(b blueprint) {
		h := b.lstm(b.drop(b.node("x", 2, 3, 4), 0.5), nn.RecurrentNoise{})
		b.loss(b.ourBatchNorm(b.must(nn.Tokens(h))))
	}, want: []ops.Rule{ops.DropoutBeforeBatchNorm}},
	{name: "dropout before a recurrent layer, another layer and batch normalization", build: func(b blueprint) {
		h := b.lstm(b.drop(b.node("x", 2, 3, 4), 0.5), nn.RecurrentNoise{})
		b.loss(b.ourBatchNorm(b.ourLinear(b.must(nn.Tokens(h)), 5)))
	}},
	{name: "dropout after our batch normalization", build: func(b blueprint) {
		b.must(ops.Dropout2d(b.ourBatchNorm(b.node("x", 2, 3, 4, 4)), 0.1))
	}},
	{name: "dropout two layers before batch normalization", build: func(b blueprint) {
		h := b.relu(b.linear(b.drop(b.node("x", 4, 3), 0.5), "a", 5))
		b.loss(b.batchNorm(b.linear(h, "b", 5)))
	}},
	{name: "dropout after batch normalization", build: func(b blueprint) {
		b.loss(b.linear(b.drop(b.relu(b.batchNorm(b.node("x", 4, 3))), 0.5), "a", 2))
	}},
	{name: "stochastic depth before batch normalization", build: func(b blueprint) {
		x := b.node("x", 4, 3)
		b.loss(b.batchNorm(b.must(gorgonia.Add(x, b.must(ops.DropPath(b.linear(x, "a", 3), 0.5))))))
	}},

	{name: "Dropout2d of maps", build: func(b blueprint) {
		b.must(ops.Dropout2d(b.relu(b.conv(b.node("x", 2, 3, 4, 4), "w", 5)), 0.1))
	}},
	{name: "Dropout2d with the channels last", build: func(b blueprint) {
		h := b.relu(b.conv(b.node("x", 2, 3, 4, 4), "w", 5))
		b.must(ops.Dropout2d(b.must(gorgonia.Transpose(h, 0, 2, 3, 1)), 0.1))
	}, want: []ops.Rule{ops.WrongAxis}},
	{name: "Dropout2d with the channels last, seen by what follows", build: func(b blueprint) {
		h := b.must(ops.Dropout2d(b.node("x", 2, 4, 4, 3), 0.1))
		b.conv(b.must(gorgonia.Transpose(h, 0, 3, 1, 2)), "w", 5)
	}, want: []ops.Rule{ops.WrongAxis}},
	{name: "Dropout2d of our maps with the channels last", build: func(b blueprint) {
		h := b.must(nn.Conv2d(b.node("x", 2, 3, 4, 4), b.node("w", 5, 3, 3, 3), nil))
		h = b.must(nn.MaxPool2d(b.must(nn.LeakyReLU(h, 0.1)), 2))
		b.must(ops.Dropout2d(b.must(gorgonia.Transpose(h, 0, 2, 3, 1)), 0.1))
	}, want: []ops.Rule{ops.WrongAxis}},
	{name: "Dropout1d of embedded words, by our ops", build: func(b blueprint) {
		ids := gorgonia.NewMatrix(b.g, tensor.Int, gorgonia.WithShape(2, 3), gorgonia.WithName("ids"))
		words := b.must(nn.AddPositions(b.must(nn.Embedding(b.node("table", 9, 4), ids)), b.node("positions", 3, 4)))
		b.must(ops.Dropout1d(words, 0.1))
	}, want: []ops.Rule{ops.WrongAxis}},
	{name: "Dropout1d of what attention gives", build: func(b blueprint) {
		b.must(ops.Dropout1d(b.must(nn.SelfAttention(b.node("x", 2, 3, 12), 2, 0)), 0.1))
	}, want: []ops.Rule{ops.WrongAxis}},
	{name: "Dropout1d of recurrent states", build: func(b blueprint) {
		b.must(ops.Dropout1d(b.lstm(b.drop(b.node("x", 2, 3, 4), 0.1), nn.RecurrentNoise{}), 0.1))
	}, want: []ops.Rule{ops.WrongAxis}},
	{name: "Dropout1d of what a recurrent layer takes", build: func(b blueprint) {
		b.lstm(b.must(ops.Dropout1d(b.node("x", 2, 3, 4), 0.1)), nn.RecurrentNoise{})
	}, want: []ops.Rule{ops.WrongAxis}},
	{name: "LockedDropout and TokenDropout of recurrent states", build: func(b blueprint) {
		h := b.must(ops.LockedDropout(b.lstm(b.node("x", 2, 3, 4), nn.RecurrentNoise{}), 0.1, 1))
		b.must(ops.TokenDropout(h, 0.1))
	}},
	{name: "Dropout1d between a dropout and attention", build: func(b blueprint) {
		h := b.must(ops.Dropout1d(b.drop(b.node("x", 2, 3, 12), 0.1), 0.1))
		b.must(nn.SelfAttention(b.drop(h, 0.1), 2, 0))
	}, want: []ops.Rule{ops.WrongAxis}},
	{name: "Dropout1d of normalized sequences", build: func(b blueprint) {
		b.must(ops.Dropout1d(b.ourBatchNorm(b.node("x", 2, 3, 4)), 0.1))
	}},
	{name: "a mask shared over axes 1 and 2 of maps", build: func(b blueprint) {
		h := b.conv(b.node("x", 2, 3, 4, 4), "w", 5)
		b.drop(b.relu(h), 0.1, ops.WithNoiseShape(-1, 1, 1, -1))
	}, want: []ops.Rule{ops.WrongAxis}},
	{name: "a mask shared over axes 1 and 2 before pooling", build: func(b blueprint) {
		h := b.drop(b.node("x", 2, 3, 4, 4), 0.1, ops.WithBroadcastAxes(1, 2))
		b.must(gorgonia.MaxPool2D(h, tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2}))
	}, want: []ops.Rule{ops.WrongAxis}},
	{name: "a mask shared over axes 1 and 2 with the channels last", build: func(b blueprint) {
		h := b.must(gorgonia.Transpose(b.conv(b.node("x", 2, 3, 4, 4), "w", 5), 0, 2, 3, 1))
		b.drop(h, 0.1, ops.WithBroadcastAxes(1, 2))
	}},
	{name: "whole places of maps", build: func(b blueprint) {
		b.drop(b.relu(b.conv(b.node("x", 2, 3, 4, 4), "w", 5)), 0.1, ops.WithBroadcastAxes(1))
	}},
	{name: "blocks of all channels", build: func(b blueprint) {
		b.must(ops.DropBlock2d(b.relu(b.conv(b.node("x", 2, 3, 4, 4), "w", 5)), 0.1, 2, ops.WithBroadcastAxes(1)))
	}},
	{name: "Dropout1d of embedded words", build: func(b blueprint) {
		ids := gorgonia.NewVector(b.g, tensor.Int, gorgonia.WithShape(6), gorgonia.WithName("ids"))
		words := b.must(gorgonia.Reshape(b.must(gorgonia.ByIndices(b.node("table", 9, 4), ids, 0)), tensor.Shape{2, 3, 4}))
		b.must(ops.Dropout1d(words, 0.1))
	}, want: []ops.Rule{ops.WrongAxis}},
	{name: "TokenDropout of embedded words", build: func(b blueprint) {
		ids := gorgonia.NewVector(b.g, tensor.Int, gorgonia.WithShape(6), gorgonia.WithName("ids"))
		words := b.must(gorgonia.Reshape(b.must(gorgonia.ByIndices(b.node("table", 9, 4), ids, 0)), tensor.Shape{2, 3, 4}))
		b.must(ops.TokenDropout(words, 0.1))
	}},

	{name: "one stream for two inputs", build: func(b blueprint) {
		h := b.drop(b.node("x", 4, 3), 0.2, ops.WithLayer(1))
		b.loss(b.linear(b.drop(b.relu(b.linear(h, "a", 5)), 0.5, ops.WithLayer(1)), "b", 2))
	}, want: []ops.Rule{ops.SharedStream}},
	{name: "one stream for all time steps", build: func(b blueprint) {
		for t := range 5 {
			b.linear(b.drop(b.node(fmt.Sprint("x", t), 4, 3), 0.2, ops.WithLayer(1)), fmt.Sprint("w", t), 2)
		}
		b.linear(b.drop(b.drop(b.node("y", 4, 3), 0.2, ops.WithLayer(2)), 0.2, ops.WithLayer(2)), "v", 2)
	}, want: []ops.Rule{ops.SharedStream, ops.SharedStream}},
	{name: "one stream on purpose", build: func(b blueprint) {
		for t := range 5 {
			b.linear(b.drop(b.node(fmt.Sprint("x", t), 4, 3), 0.2, ops.WithLayer(1)), fmt.Sprint("w", t), 2)
		}
	}, opts: []ops.AuditOption{ops.AllowShared()}},
	{name: "one layer, two seeds", build: func(b blueprint) {
		h := b.drop(b.node("x", 4, 3), 0.2, ops.WithLayer(1))
		b.loss(b.linear(b.drop(b.relu(b.linear(h, "a", 5)), 0.5, ops.WithLayer(1), ops.WithSeed(1)), "b", 2))
	}},
	{name: "one layer, two steps", build: func(b blueprint) {
		h := b.drop(b.node("x", 4, 3), 0.2, ops.WithLayer(1), ops.WithFixedStep(1))
		b.loss(b.linear(b.drop(b.relu(b.linear(h, "a", 5)), 0.5, ops.WithLayer(1), ops.WithFixedStep(2)), "b", 2))
	}},
	{name: "zoneout and dropout of one stream", build: func(b blueprint) {
		h := b.must(ops.Zoneout(b.node("before", 4, 3), b.node("x", 4, 3), 0.1, ops.WithLayer(4)))
		b.loss(b.linear(b.drop(h, 0.1, ops.WithLayer(4)), "a", 2))
	}, want: []ops.Rule{ops.SharedStream}},

	{name: "one fixed step", build: func(b blueprint) {
		h := b.drop(b.node("x", 4, 3), 0.2, ops.WithLayer(1), ops.WithFixedStep(1))
		b.loss(b.linear(b.drop(b.relu(b.linear(h, "a", 5)), 0.5, ops.WithLayer(1), ops.WithFixedStep(1)), "b", 2))
	}, want: []ops.Rule{ops.SharedStream}},
	{name: "one stream for dropout and attention", build: func(b blueprint) {
		b.must(nn.SelfAttention(b.drop(b.node("x", 2, 3, 12), 0.5, ops.WithLayer(4)), 2, 0.5, ops.WithLayer(4)))
	}, want: []ops.Rule{ops.SharedStream}},
	{name: "layers of their own for dropout and attention", build: func(b blueprint) {
		b.must(nn.SelfAttention(b.drop(b.node("x", 2, 3, 12), 0.5), 2, 0.5))
	}},
	{name: "dropout in the last layer of a recurrent one", build: func(b blueprint) {
		h := b.lstm(b.node("x", 2, 3, 4), allNoise, ops.WithLayer(4))
		b.loss(b.ourLinear(b.must(nn.Tokens(b.drop(h, 0.5, ops.WithLayer(6)))), 2))
	}, want: []ops.Rule{ops.SharedStream}},
	{name: "dropout below the layers of a recurrent one", build: func(b blueprint) {
		b.lstm(b.drop(b.node("x", 2, 3, 4), 0.5, ops.WithLayer(3)), allNoise, ops.WithLayer(4))
	}},
	{name: "dropout above the layers of a recurrent one", build: func(b blueprint) {
		h := b.lstm(b.node("x", 2, 3, 4), allNoise, ops.WithLayer(4))
		b.loss(b.ourLinear(b.must(nn.Tokens(b.drop(h, 0.5, ops.WithLayer(7)))), 2))
	}},
	{name: "dropout after a recurrent layer, with layers by default", build: func(b blueprint) {
		h := b.lstm(b.drop(b.node("x", 2, 3, 4), 0.5), allNoise)
		b.loss(b.ourLinear(b.must(nn.Tokens(b.drop(h, 0.5))), 2))
	}},
	{name: "two recurrent layers of overlapping layers", build: func(b blueprint) {
		h := b.lstm(b.node("x", 2, 3, 4), allNoise, ops.WithLayer(4))
		b.lstm(h, allNoise, ops.WithLayer(6))
	}, want: []ops.Rule{ops.SharedStream}},

	{name: "noise of which little is added", build: func(b blueprint) {
		b.linear(b.must(ops.GaussianNoise(b.node("x", 4, 3), 0.5)), "a", 2)
	}},
	{name: "noise of a high variance", build: func(b blueprint) {
		b.linear(b.must(ops.GaussianDropout(b.node("x", 4, 3), 0.95)), "a", 2)
	}, want: []ops.Rule{ops.HighRate}},
	{name: "a high rate within attention", build: func(b blueprint) {
		b.must(nn.SelfAttention(b.node("x", 2, 3, 12), 2, 0.9))
	}, want: []ops.Rule{ops.HighRate}},
	{name: "a high rate", build: func(b blueprint) { b.linear(b.drop(b.node("x", 4, 3), 0.9), "a", 2) }, want: []ops.Rule{ops.HighRate}},
	{name: "a rate below", build: func(b blueprint) { b.linear(b.drop(b.node("x", 4, 3), 0.89), "a", 2) }},
	{name: "a schedule to a high rate", build: func(b blueprint) {
		b.linear(b.drop(b.node("x", 4, 3), 0, ops.WithRate(schedule.Late{P: 0.95, Cutoff: 1000})), "a", 2)
	}, want: []ops.Rule{ops.HighRate}},
	{name: "a schedule from a high rate", build: func(b blueprint) {
		b.linear(b.drop(b.node("x", 4, 3), 0, ops.WithRate(schedule.Linear{From: 0.95, End: 9})), "a", 2)
	}, want: []ops.Rule{ops.HighRate}},
	{name: "a rate that a node holds", build: func(b blueprint) {
		rate := gorgonia.NewScalar(b.g, tensor.Float64, gorgonia.WithName("rate"))
		b.linear(b.drop(b.node("x", 4, 3), 0.95, ops.WithRateNode(rate)), "a", 2)
	}},

	{name: "the built-in dropout", build: func(b blueprint) {
		b.loss(b.linear(b.must(gorgonia.Dropout(b.node("x", 4, 3), 0.2)), "a", 2))
	}, want: []ops.Rule{ops.BuiltinDropout}},
	{name: "several mistakes", build: func(b blueprint) {
		h := b.drop(b.node("x", 4, 3), 0.95, ops.WithLayer(2))
		b.loss(b.drop(b.linear(h, "a", 2), 0.5, ops.WithLayer(2)))
	}, opts: []ops.AuditOption{ops.ForEval()}, want: []ops.Rule{ops.DropoutInEval, ops.HighRate, ops.DropoutInEval, ops.DropoutOnLogits, ops.SharedStream}},
}

// Each mistake is found where it is and not where it is not, before gradients
// are added to the graph and after.
func TestAudit(t *testing.T) {
	for _, tt := range audits {
		t.Run(tt.name, func(t *testing.T) {
			g := gorgonia.NewGraph()
			tt.build(blueprint{t, g})
			rules := func() (found []ops.Rule) {
				for _, f := range ops.Audit(g, tt.opts...) {
					found = append(found, f.Rule)
					if f.Node == nil || !strings.HasSuffix(f.Problem, ".") || !strings.HasSuffix(f.Fix, ".") {
						t.Errorf("a finding must have a node, a problem and a fix, got %v", f)
					}
					if want := fmt.Sprintf("%s: node %d, %v: ", f.Rule, f.Node.ID(), f.Node.Op()); !strings.HasPrefix(f.String(), want) {
						t.Errorf("want %q, got %q", want, f)
					}
				}
				return found
			}
			if got := rules(); !slices.Equal(got, tt.want) {
				t.Fatalf("want %v, got %v", tt.want, ops.Audit(g, tt.opts...))
			}
			cost := g.Roots()[0]
			if !cost.IsScalar() {
				return // differentiating would add users to the output
			}
			if _, err := gorgonia.Grad(cost, g.ByName("x")...); err != nil {
				t.Fatal(err)
			}
			if got := rules(); !slices.Equal(got, tt.want) {
				t.Errorf("with gradients: want %v, got %v", tt.want, ops.Audit(g, tt.opts...))
			}
		})
	}
	if ops.Audit(nil) != nil {
		t.Error("no graph must have no findings")
	}
}
