package models_test

import (
	"fmt"
	"log"

	"github.com/gorgonia-dropout/dropout/models"
)

func ExampleSequential() {
	net := models.Sequential{
		models.Linear(128, 64), models.ReLU(), models.Dropout(0.5), models.Linear(64, 10),
	}
	model, err := models.New(net, []int{128})
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range model.Params() {
		fmt.Println(p.Name(), p.Value().Shape())
	}
	// Output:
	// 0.weight (128, 64)
	// 0.bias (64)
	// 3.weight (64, 10)
	// 3.bias (10)
}

func ExampleMLP() {
	net := models.MLP{
		Inputs: 784, Hidden: []int{1024, 1024}, Outputs: 10,
		InputDropout: 0.2, HiddenDropout: 0.5,
	}
	model, err := models.New(net, []int{784}, models.WithSeed(42))
	if err != nil {
		log.Fatal(err)
	}
	train, err := model.Build(models.Train, 128)
	if err != nil {
		log.Fatal(err)
	}
	eval, err := model.Build(models.Eval, 500)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(model.NumParams(), train.Output.Shape(), eval.Output.Shape())
	// Output: 1863690 (128, 10) (500, 10)
}
