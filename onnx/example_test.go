package onnx_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/onnx"
)

// A network that PyTorch exported gets dropout, and says how sure it is: the
// probabilities are the mean of a hundred passes (Gal and Ghahramani, 2016).
func ExampleNetwork_InsertAfter() {
	net, err := onnx.Load("testdata/mlp.onnx")
	if err != nil {
		log.Fatal(err)
	}
	for _, node := range net.Nodes() {
		fmt.Println(node.Op, node.Name)
	}
	if err := net.InsertAfter("Relu", models.Dropout(0.2)); err != nil {
		log.Fatal(err)
	}
	model, err := net.Model()
	if err != nil {
		log.Fatal(err)
	}
	x := []float32{1, -1, 0.5, 0, 2, 0.3}
	for _, samples := range []int{0, 100} {
		p, err := models.Predictor{Model: model, Softmax: true, Samples: samples}.Predict(x)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d samples: %.2f\n", samples, p[0])
	}
	// Output:
	// Gemm /0/Gemm
	// BatchNormalization /1/BatchNormalization
	// Relu /2/Relu
	// Gemm /4/Gemm
	// 0 samples: [0.20 0.70 0.10]
	// 100 samples: [0.23 0.68 0.10]
}

// The file that a runtime gets has everything inside: raw values in,
// probabilities out.
func ExampleExport() {
	model, err := models.New(models.MLP{Hidden: []int{8}, Outputs: 3, HiddenDropout: 0.5}, []int{4}, models.WithSeed(1))
	if err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer
	opts := onnx.Options{Mean: []float32{5.8, 3.1, 3.8, 1.2}, Std: []float32{0.8, 0.4, 1.8, 0.8}, Softmax: true}
	if err := onnx.Export(&file, model, opts); err != nil {
		log.Fatal(err)
	}
	net, err := onnx.Import(&file)
	if err != nil {
		log.Fatal(err)
	}
	for _, node := range net.Nodes() {
		fmt.Println(node.Op)
	}
	// Output:
	// Sub
	// Div
	// Gemm
	// Relu
	// Gemm
	// Softmax
	// Identity
}
