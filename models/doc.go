// Package models builds neural networks as Gorgonia graphs.
//
// A [Layer] adds nodes to a graph; [Sequential] and other layers that contain
// layers compose them:
//
//	net := models.Sequential{
//		models.Linear(128, 64), models.ReLU(), models.Dropout(0.5), models.Linear(64, 10),
//	}
//	model, err := models.New(net, []int{128})
//
// A [Model] owns the parameters. It builds any number of graphs over them, for
// training, evaluation or sampling (Monte Carlo dropout), each for its own
// batch size. Graphs share the parameter tensors and nothing else, so several
// may run at the same time as long as none of them changes the parameters. An
// evaluation graph contains no dropout at all.
//
// Further inputs of a model have names ([WithInput], [WithIDs], [Join]), and so have
// further outputs ([Head]). [WithMask] makes layers leave the padding of sequences out. A
// layer of your own is a type with one method: see the example of [Layer].
//
// [Model.Compile] returns a [Program], a graph that is ready to run;
// [Model.Summary] lists the layers; [Model.Save] and [Model.Load] keep the
// weights in PyTorch's layout. Package training trains a model.
package models
