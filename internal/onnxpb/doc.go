// Package onnxpb holds the messages of ONNX files, generated from the schema of
// the ONNX project, onnx.proto3 of github.com/onnx/onnx, which is under the
// Apache License 2.0 (LICENSE).
package onnxpb

//go:generate go -C gen run . -proto ../onnx.proto3 -name gorgonia-dropout/onnx.proto3 -package github.com/gorgonia-dropout/dropout/internal/onnxpb -out ../onnx.pb.go
