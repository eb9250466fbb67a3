package main

import _ "embed"

// torchScript times PyTorch by the protocol of worker.go.
//
//go:embed torch.py
var torchScript string
