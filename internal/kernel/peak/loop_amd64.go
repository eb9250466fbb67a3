//go:build !noasm

package peak

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

//go:generate go -C gen run . -out ../peak_amd64.s -stubs ../stubs_amd64.go -pkg peak

// chains is the number of vectors that a turn of the loops adds to.
const chains = 12

// loopOf returns the loop of an instruction set, nil if there is none, and how many
// multiply-adds it does in a turn.
func loopOf(set isa.Set) (run loop, turn int) {
	switch set {
	case isa.AVX2:
		return chainsAVX2, chains * 8
	case isa.AVX512:
		return chainsAVX512, chains * 16
	}
	return nil, 0
}
