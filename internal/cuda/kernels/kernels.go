// Package kernels has the programs that run on a device, as PTX, and their arguments.
//
// Their source, in the folder source, is C++ without a library, in which nothing is
// fused or reordered: the results have the bits of the loops in Go that each names.
// Compiled for the host, the same source is compared with them by the tests.
//
// The structs here are those of the source, field by field; memory is given by its
// address.
package kernels

import _ "embed"

//go:generate go run ./gen source source/all.cu kernels.ptx

// PTX is a module of all kernels, for devices of compute capability 7.0 and later.
//
//go:embed kernels.ptx
var PTX []byte

// Threads is the number of threads in a block of the kernels whose arguments do not say
// otherwise.
const Threads = 256
