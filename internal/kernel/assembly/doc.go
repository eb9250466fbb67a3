// Package assembly has what the generators of the kernels' assembly share:
// helpers for avo on amd64, and a writer for arm64, for which avo has no
// instructions. Like the generators it is a separate module, so that the
// library does not depend on avo.
package assembly
