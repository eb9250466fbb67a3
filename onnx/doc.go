// Package onnx writes models as ONNX files, which other runtimes and languages
// run, and reads ONNX files as networks of package models, so that a network
// that was trained elsewhere can be given dropout:
//
//	err := onnx.Save("digits.onnx", model, onnx.Options{})
//
//	net, err := onnx.Load("digits.onnx")
//	err = net.InsertAfter("Relu", models.Dropout(0.5))
//	model, err := net.Model()
//
// The format is [ONNX], in opset 17.
//
// [ONNX]: https://onnx.ai
package onnx
