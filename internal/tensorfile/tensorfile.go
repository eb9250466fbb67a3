// Package tensorfile reads and writes tensors in the safetensors format
// (https://github.com/huggingface/safetensors): eight bytes with the length of
// a JSON header, the header, and the tensors' bytes in the order of their
// offsets.
//
// Files that it writes have a checksum in their metadata, because the format
// itself does not detect a flipped bit. All files of weights have the same
// layout; see [WriteWeights].
//
// A file may come from anywhere, so the reader has limits and fails before it
// reads what exceeds them: [MaxHeader], [MaxTensors], [MaxName], [MaxDims] and
// [MaxData].
package tensorfile

import (
	"math"

	"github.com/pkg/errors"
)

// Limits of a file.
const (
	MaxHeader  = 16 << 20 // bytes of the header
	MaxTensors = 1 << 16  // tensors
	MaxName    = 1 << 10  // bytes of a tensor's name
	MaxDims    = 16       // axes of a tensor
	MaxData    = 8 << 30  // bytes of all tensors together
)

// A Type is an element type as the header names it.
type Type string

// The types that become tensors of floats.
const (
	F16  Type = "F16"
	BF16 Type = "BF16"
	F32  Type = "F32"
	F64  Type = "F64"
)

// size returns the number of bytes of an element; ok is false for unknown
// types, and for those smaller than a byte.
func (t Type) size() (n int64, ok bool) {
	switch t {
	case "BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0":
		return 1, true
	case "I16", "U16", F16, BF16:
		return 2, true
	case "I32", "U32", F32:
		return 4, true
	case "I64", "U64", F64, "C64":
		return 8, true
	}
	return 0, false
}

// Float reports whether [Tensor.Dense] can convert the type.
func (t Type) Float() bool { return t == F16 || t == BF16 || t == F32 || t == F64 }

// elements returns the product of a shape, or an error if it, or the bytes of
// that many elements of the type, exceed MaxData.
func elements(shape []int64, t Type) (int64, error) {
	each, ok := t.size()
	if !ok {
		return 0, errors.Errorf("type must be one of the format's, in whole bytes, got %q", string(t))
	}
	n := int64(1)
	for _, d := range shape {
		if d > math.MaxInt32 || n > 0 && d > MaxData/each/n {
			return 0, errors.Errorf("shape must have at most %d elements of %s, got %v", MaxData/each, t, shape)
		}
		n *= d
	}
	return n, nil
}
