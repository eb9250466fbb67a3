// Package models builds neural networks as Gorgonia graphs.
//
// A Layer adds nodes to a graph; Sequential and the other layers that hold
// layers compose them:
//
//	net := models.Sequential{
//		models.Linear(128, 64), models.ReLU(), models.Dropout(0.5), models.Linear(64, 10),
//	}
//	model, err := models.New(net, []int{128})
//
// A Model owns the parameters. It builds any number of graphs over them: for
// training, for evaluation, or for sampling (Monte-Carlo dropout), each for a
// batch size of its own. Graphs share the parameter tensors and nothing else,
// so that several may run at the same time as long as none of them changes the
// parameters. An evaluation graph holds no dropout at all.
package models
