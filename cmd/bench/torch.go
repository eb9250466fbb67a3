package main

import _ "embed"

// torchScript times PyTorch by the protocol of worker.go.
//
//go:embed pytorch.py
var torchScript string
