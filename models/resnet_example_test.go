package models_test

import (
	"fmt"
	"log"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
)

// parts are layers one after the other under names of their own.
type parts []struct {
	name  string
	layer models.Layer
}

func (p parts) Apply(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	for _, part := range p {
		y, err := part.layer.Apply(s.Child(part.name), x)
		if err != nil {
			return nil, err
		}
		x = y
	}
	return x, nil
}

// conv is a convolution before batch normalization.
func conv(out, kernel, stride int) models.Layer {
	window := []nn.WindowOption{nn.WithStride(stride), nn.WithPadding(kernel / 2)}
	return models.Conv2dLayer{Out: out, Kernel: []int{kernel}, Window: window, NoBias: true}
}

// basicBlock is the block of ResNet-18: x + f(x), where x is brought to the shape of
// f(x) if that is another.
type basicBlock struct{ out, stride int }

func (b basicBlock) Apply(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	y, err := parts{
		{"conv1", conv(b.out, 3, b.stride)}, {"bn1", models.BatchNorm2d()}, {"relu", models.ReLU()},
		{"conv2", conv(b.out, 3, 1)}, {"bn2", models.BatchNorm2d()},
	}.Apply(s, x)
	if err != nil {
		return nil, err
	}
	if b.stride != 1 || x.Shape()[1] != b.out {
		down := models.Sequential{conv(b.out, 1, b.stride), models.BatchNorm2d()}
		if x, err = down.Apply(s.Child("downsample"), x); err != nil {
			return nil, err
		}
	}
	if y, err = gorgonia.Add(x, y); err != nil {
		return nil, s.Wrap(err, "basicBlock")
	}
	return models.ReLU().Apply(s.Child("relu"), y)
}

// resNet18 is ResNet-18 (He et al. 2016), for filters of 64 and up to 8 times as many, with
// the names that torchvision gives its parameters, and a dropout before the last layer.
func resNet18(filters, classes int, p float64) models.Layer {
	stage := func(times, stride int) models.Layer {
		return models.Sequential{basicBlock{times * filters, stride}, basicBlock{times * filters, 1}}
	}
	return parts{
		{"conv1", conv(filters, 7, 2)}, {"bn1", models.BatchNorm2d()}, {"relu", models.ReLU()},
		{"maxpool", models.MaxPool2d(3, nn.WithStride(2), nn.WithPadding(1))},
		{"layer1", stage(1, 1)}, {"layer2", stage(2, 2)}, {"layer3", stage(4, 2)}, {"layer4", stage(8, 2)},
		{"avgpool", models.GlobalAvgPool2d()}, {"dropout", models.Dropout(p)}, {"fc", models.Linear(8*filters, classes)},
	}
}

// A network of other libraries is built with their names, so that Model.Load takes their
// weights: this one those of torchvision's resnet18.
func ExampleScope_Child() {
	model, err := models.New(resNet18(64, 1000, 0.2), []int{3, 224, 224})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(model.NumParams(), "parameters")
	for _, p := range model.Params()[:3] {
		fmt.Println(p.Name(), p.Value().Shape())
	}
	// Output:
	// 11689512 parameters
	// conv1.weight (64, 3, 7, 7)
	// bn1.weight (64)
	// bn1.bias (64)
}
