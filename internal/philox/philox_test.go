package philox

import "testing"

// The known-answer vectors of Random123 (tests/kat_vectors, philox4x32 10).
func TestKnownAnswers(t *testing.T) {
	const f = 0xffffffff
	tests := []struct {
		counter Counter
		key     Key
		want    [4]uint32
	}{
		{Counter{0, 0, 0, 0}, Key{0, 0}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{Counter{f, f, f, f}, Key{f, f}, [4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{
			Counter{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, Key{0xa4093822, 0x299f31d0},
			[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
		},
	}
	for _, tt := range tests {
		if got := Block(tt.counter, tt.key); got != tt.want {
			t.Errorf("Block(%08x, %08x) = %08x, want %08x", tt.counter, tt.key, got, tt.want)
		}
	}
}

func TestKeyOf(t *testing.T) {
	if got, want := KeyOf(0x0123456789abcdef), (Key{0x89abcdef, 0x01234567}); got != want {
		t.Errorf("KeyOf = %08x, want %08x", got, want)
	}
}

func BenchmarkBlock(b *testing.B) {
	b.SetBytes(16)
	var sink uint32
	for i := 0; b.Loop(); i++ {
		sink ^= Block(Counter{uint32(i), 1, 2, 3}, Key{4, 5})[0]
	}
	_ = sink
}
