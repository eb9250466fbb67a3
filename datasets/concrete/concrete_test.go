package concrete

import (
	"crypto/md5"
	"encoding/hex"
	"math"
	"testing"

	"github.com/gorgonia-dropout/dropout/datasets"
)

func TestLoad(t *testing.T) {
	for text, want := range map[string]string{file: "c6c9b6b6b3856b0ef159b1601e23dbb7", splits: "dc0985f59c60b282b752a083e2c2a4e7"} {
		if sum := md5.Sum([]byte(text)); hex.EncodeToString(sum[:]) != want {
			t.Errorf("MD5 of a file is %x, want %s", sum, want)
		}
	}
	table, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if table.Len() != 1030 || len(table.Columns) != 8 || len(table.Targets) != 1030 || table.Y != nil || table.Targets[0] != 79.99 {
		t.Errorf("got %d rows of %q with %d targets", table.Len(), table.Columns, len(table.Targets))
	}
	// The means that the source publishes.
	inputs, err := datasets.FitStandardization(table)
	if err != nil || math.Abs(float64(inputs.Mean[0])-281.168) > 1e-3 {
		t.Errorf("mean of cement is %v, want 281.168 (%v)", inputs.Mean[0], err)
	}
	targets, err := datasets.FitTargets(table)
	if err != nil || math.Abs(float64(targets.Mean()[0])-35.818) > 1e-3 {
		t.Errorf("mean strength is %v, want 35.818 (%v)", targets.Mean(), err)
	}
}

func TestSplits(t *testing.T) {
	folds, err := Splits()
	if err != nil || len(folds) != 20 {
		t.Fatalf("want 20 splits, got %d, %v", len(folds), err)
	}
	for i, f := range folds {
		if len(f.Train) != 927 || len(f.Test) != 103 || f.Part != i {
			t.Errorf("split %d: %d and %d examples", f.Part, len(f.Train), len(f.Test))
		}
	}
}
