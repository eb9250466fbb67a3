package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
)

// ConvNet is a convolutional network for images (batch, channels, height,
// width), in the manner of LeNet-5 (LeCun et al., "Gradient-Based Learning
// Applied to Document Recognition", 1998) with later findings: blocks of a
// convolution, an activation, max pooling by 2 and dropout of whole channels
// (Tompson et al., CVPR 2015), then dense layers with dropout of units.
//
//	net := models.ConvNet{
//		Channels: []int{32, 64}, Hidden: []int{128}, Outputs: 10,
//		ChannelDropout: 0.1, HiddenDropout: 0.5,
//	}
//	model, err := models.New(net, []int{1, 28, 28})
//
// For images stored as rows of pixels put [Unflatten] before it.
//
// Parameters are named after the parts: "features.0.weight", "classifier.0.weight".
type ConvNet struct {
	Channels []int // filters of each block
	Kernel   int   // size of the filters, odd, so that images keep their size; 3 by default
	Hidden   []int // units of each dense hidden layer
	Outputs  int   // classes

	// InputDropout drops pixels, ChannelDropout the feature maps of each block
	// and HiddenDropout the units of each dense hidden layer. At 0 a layer
	// costs nothing but keeps its place.
	InputDropout, ChannelDropout, HiddenDropout float64

	// BatchNorm puts BatchNorm2d between each convolution and its activation.
	BatchNorm  bool
	Activation Layer // ReLU by default
	// Init starts all weights; [HeNormal] by default. With BatchNorm,
	// [FanInUniform] learns faster.
	Init Init
}

// Apply adds the network to the graph of x.
func (n ConvNet) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	kernel, activation := n.Kernel, n.Activation
	if kernel == 0 {
		kernel = 3
	}
	if kernel < 1 || kernel%2 == 0 {
		return nil, s.Errorf("ConvNet: kernel must be odd, got %d", kernel)
	}
	if err := s.checkRates("ConvNet", rate{"InputDropout", n.InputDropout}, rate{"ChannelDropout", n.ChannelDropout},
		rate{"HiddenDropout", n.HiddenDropout}); err != nil {
		return nil, err
	}
	if activation == nil {
		activation = ReLU()
	}
	features := Sequential{Dropout(n.InputDropout)}
	for _, filters := range n.Channels {
		features = append(features, Conv2dLayer{
			Out: filters, Kernel: []int{kernel}, Window: []nn.WindowOption{nn.WithPadding(kernel / 2)},
			NoBias: n.BatchNorm, Init: n.Init,
		})
		if n.BatchNorm {
			features = append(features, BatchNorm2d())
		}
		features = append(features, activation, MaxPool2d(2), Dropout2d(n.ChannelDropout))
	}
	features = append(features, Flatten())
	x, err := s.Apply("features", features, x)
	if err != nil {
		return nil, err
	}
	classifier := MLP{
		Inputs: x.Shape()[1], Hidden: n.Hidden, Outputs: n.Outputs,
		HiddenDropout: n.HiddenDropout, Activation: activation, Init: n.Init,
	}
	return s.Apply("classifier", classifier, x)
}
