package compare_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/datasets/tabular"
	"github.com/gorgonia-dropout/dropout/internal/compare"
)

// TestPlain compares a network that embeds a category with that of plain layers.
func TestPlain(t *testing.T) {
	var b strings.Builder
	b.WriteString("x,city,z,w,y\n")
	for i := range 200 {
		fmt.Fprintf(&b, "%d.5,city%d,%d.25,%d.75,%d.5\n", i*7%23, i%20, i*5%19, i*11%13, i*3%17)
	}
	table, err := tabular.Read(strings.NewReader(b.String()), tabular.Format{})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := tabular.Guess(table, tabular.Wishes{Targets: []string{"y"}})
	if err != nil {
		t.Fatal(err)
	}
	e, err := compare.New(&compare.Table{Table: table, Plan: plan}, compare.Splitting{Folds: 2, Repeats: 1, Seed: 1}, compare.Length{Batch: 32, Epochs: 2, Patience: 2}, &compare.Store{Dir: t.TempDir()}, 1)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if err := e.Run(ctx, compare.Limit{Rounds: 1}, nil); err != nil {
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
	plain, net, err := f.Plain()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(net, "models.LinearLayer{In: 23, Out: 9, NoBias: true}") {
		t.Errorf("20 cities must become 6 numbers, got %s", net)
	}
	rows := []int{0, 1, 2, 50, 199}
	x, err := f.Encoder.Encode(table, rows)
	if err != nil {
		t.Fatal(err)
	}
	want, err := f.Model.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	got, err := plain.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if math.Abs(got[i][0]-want[i][0]) > 1e-5 {
			t.Errorf("row %d: must be %v, got %v", rows[i], want[i][0], got[i][0])
		}
	}
}
