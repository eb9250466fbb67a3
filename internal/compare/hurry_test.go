package compare_test

import (
	"context"
	"testing"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/compare"
)

// However short the time, one split is compared, and its network is kept.
func TestNoTimeAtAll(t *testing.T) {
	e, err := compare.New(points(t, 60), compare.Splitting{Folds: 2, Seed: 1}, compare.Length{Batch: 16, Epochs: 2, Patience: 2}, &compare.Store{Dir: t.TempDir()}, 2)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if err := e.Run(ctx, compare.Limit{Until: time.Now()}, nil); err != nil {
		t.Fatal(err)
	}
	o, err := e.Evaluate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	f, err := e.Final(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	if o.Error.N != 1 || f.Split != 1 {
		t.Errorf("split 1 must be compared and its network kept, got %d splits and that of split %d", o.Error.N, f.Split)
	}
}
