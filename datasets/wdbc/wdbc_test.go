package wdbc

import (
	"crypto/md5"
	"encoding/hex"
	"math"
	"testing"

	"github.com/gorgonia-dropout/dropout/datasets"
)

func TestLoad(t *testing.T) {
	if sum := md5.Sum([]byte(file)); hex.EncodeToString(sum[:]) != "36ef90874abc87f4b4a8554dcc17cf6f" {
		t.Errorf("MD5 of the file is %x", sum)
	}
	table, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if table.Len() != 569 || len(table.Columns) != 30 || table.Columns[20] != "worst radius" || table.Classes[Malignant] != "malignant" || table.Classes[Benign] != "benign" {
		t.Errorf("got %d rows of %q in %q", table.Len(), table.Columns, table.Classes)
	}
	counts := make([]int, 2)
	for _, y := range table.Y {
		counts[y]++
	}
	if counts[Malignant] != 212 || counts[Benign] != 357 {
		t.Errorf("got %v of each class", counts)
	}
	// The mean radius that is published with the data.
	s, err := datasets.FitStandardization(table)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(float64(s.Mean[0])-14.127) > 5e-4 {
		t.Errorf("mean radius is %v, want 14.127", s.Mean[0])
	}
}
