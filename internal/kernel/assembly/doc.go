// Package assembly is what the generators of the kernels' assembly have in common: for
// amd64 helpers for avo, for arm64, for which avo has no instructions, a writer. It is a
// module of its own, as the generators are, so that avo is no dependency of the library.
package assembly
