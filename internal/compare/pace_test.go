package compare

import "testing"

func TestBatchFor(t *testing.T) {
	for _, tt := range []struct{ usual, updates, want int }{
		{256, 300, 256}, {256, 5000, 256}, // enough
		{256, 150, 128}, {256, 11, 16}, {256, 1, 16},
		{8, 1, 8}, // small already
	} {
		if got := batchFor(tt.usual, tt.updates); got != tt.want {
			t.Errorf("batches of %d that make %d updates must become %d, got %d", tt.usual, tt.updates, tt.want, got)
		}
	}
}
