// Package remote has addresses in the memory of devices, for code that only passes them
// on: package cuda, which has that memory, loads libraries.
package remote

// A Pointer is the address of memory on a device; 0 is none.
type Pointer uint64
