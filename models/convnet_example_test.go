package models_test

import (
	"fmt"
	"log"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

func ExampleConvNet() {
	net := models.ConvNet{
		Channels: []int{32, 64}, Hidden: []int{128}, Outputs: 10,
		ChannelDropout: 0.1, HiddenDropout: 0.5,
	}
	model, err := models.New(net, []int{1, 28, 28})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(model.NumParams(), model.OutputShape())
	// Output: 421642 [10]
}

func ExampleResidual() {
	net := models.Sequential{models.Conv2d(16, 3, nn.WithPadding(1))}
	rates, err := ops.DropPathRates(0.2, 3)
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range rates {
		net = append(net, models.Residual(
			models.BatchNorm2d(), models.ReLU(), models.Conv2d(16, 3, nn.WithPadding(1)), models.DropPath(p),
		))
	}
	net = append(net, models.GlobalAvgPool2d(), models.Linear(16, 10))
	model, err := models.New(net, []int{3, 32, 32})
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range model.States()[:2] {
		fmt.Println(s.Name(), s.Value().Shape())
	}
	// Output:
	// 1.0.running_mean (16)
	// 1.0.running_var (16)
}
