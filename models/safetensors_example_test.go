package models_test

import (
	"bytes"
	"fmt"
	"log"
	"slices"

	"github.com/gorgonia-dropout/dropout/models"
)

// The file's names and shapes are those of PyTorch's state_dict, and another model
// of the same architecture takes it.
func ExampleModel_WriteSafetensors() {
	net := models.MLP{Inputs: 4, Hidden: []int{8}, Outputs: 3, HiddenDropout: 0.5}
	trained, err := models.New(net, []int{4}, models.WithSeed(1))
	if err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer
	if err := trained.WriteSafetensors(&file); err != nil {
		log.Fatal(err)
	}
	other, err := models.New(net, []int{4}, models.WithSeed(2))
	if err != nil {
		log.Fatal(err)
	}
	if err := other.ReadSafetensors(&file); err != nil {
		log.Fatal(err)
	}
	for i, p := range trained.Params() {
		same := slices.Equal(p.Value().Float32s(), other.Params()[i].Value().Float32s())
		fmt.Println(p.Name(), p.Value().Shape(), same)
	}
	// Output:
	// 1.weight (4, 8) true
	// 1.bias (8) true
	// 4.weight (8, 3) true
	// 4.bias (3) true
}

// The trained layers of a network get a new head of other classes, which alone is
// trained.
func ExampleExcept() {
	net := func(classes int) models.Layer {
		return models.Sequential{models.Linear(4, 8), models.ReLU(), models.Dropout(0.5), models.Linear(8, classes)}
	}
	pretrained, err := models.New(net(1000), []int{4}, models.WithSeed(1))
	if err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer
	if err := pretrained.WriteSafetensors(&file); err != nil {
		log.Fatal(err)
	}
	model, err := models.New(net(3), []int{4}, models.WithSeed(2))
	if err != nil {
		log.Fatal(err)
	}
	var report models.LoadReport
	if err := model.ReadSafetensors(&file, models.Except("3."), models.WithReport(&report)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(report)
	if err := model.Freeze(report.Loaded...); err != nil {
		log.Fatal(err)
	}
	fmt.Println(model.Frozen())
	// Output:
	// 2 loaded, 2 left alone: ["3.bias" "3.weight"], 2 ignored: ["3.bias" "3.weight"]
	// [0.bias 0.weight]
}
