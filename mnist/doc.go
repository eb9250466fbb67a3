// Package mnist reads MNIST and the data sets that share its file format
// (Fashion-MNIST, KMNIST, EMNIST, ...) and splits them into subsets and
// batches. [Open] reads a directory with the four files; a [Set] is a data set
// for package training.
//
// The format is IDX, as described on the page that published MNIST (LeCun,
// Cortes and Burges, "The MNIST database of handwritten digits"): two zero
// bytes, a byte naming the type of the values, a byte giving the rank, one
// big-endian uint32 per dimension, then the values in row-major order. Only
// unsigned bytes are read, as images of rank 3 (examples, rows, columns) and
// labels of rank 1 (examples).
//
// The reader is strict. A file that is damaged, truncated, too long or of
// another kind is an error that says what must be where and what was found. The
// reader never panics and never trusts a header: what it allocates stays in
// proportion to the bytes that have arrived.
//
// The four original files are in package mnist/embedded, so that importing this
// package does not add 11 MB to a program.
package mnist
