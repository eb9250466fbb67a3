package uci

import (
	"crypto/md5"
	"encoding/hex"
	"math"
	"testing"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
)

// The files are the published ones: MD5 of data and splits, rows of a test part, and the
// mean of the target, which papers on the sets report.
var published = map[string]struct {
	data, splits string
	rows, test   int
	mean         float64
}{
	"concrete": {"c6c9b6b6b3856b0ef159b1601e23dbb7", "dc0985f59c60b282b752a083e2c2a4e7", 1030, 103, 35.818},
	"energy":   {"eb52308c2e70aad760d9e3c69f5defba", "2169259a51ed491b4e9217483ae21cd5", 768, 77, 22.307},
	"power":    {"c53d678eef39f7e753c1a3c3930711c9", "3a7ad57c1dfcb5c1437ec7478b95af74", 9568, 957, 454.365},
	"wine":     {"d40d20317b8a7415aee7d0b14e405bc1", "c3663a0bf119104d38344f3506a1624a", 1599, 160, 5.636},
	"yacht":    {"1c6f5abfd0a1d9ac0aa1d9b5849e05eb", "bc4db01f9f3c658917eaa1351ab12a40", 308, 31, 10.495},
}

func TestLoad(t *testing.T) {
	if len(Sets()) != len(published) {
		t.Errorf("want %d sets, got %d", len(published), len(Sets()))
	}
	for _, s := range Sets() {
		t.Run(s.Name, func(t *testing.T) {
			want := published[s.Name]
			for file, sum := range map[string]string{"data.csv": want.data, "test-splits.txt": want.splits} {
				data, err := files.ReadFile(s.Name + "/" + file)
				if err != nil {
					t.Fatal(err)
				}
				if got := md5.Sum(data); hex.EncodeToString(got[:]) != sum {
					t.Errorf("MD5 of %s is %x, want %s", file, got, sum)
				}
			}
			table, err := s.Load()
			if err != nil {
				t.Fatal(err)
			}
			if table.Len() != want.rows || table.InputShape()[0] != len(s.Features) || len(table.Columns) != len(s.Features) || table.Targeted[0] != s.Target || table.Y != nil {
				t.Errorf("want %d rows of %q and %s, got %d of shape %v", want.rows, s.Features, s.Target, table.Len(), table.InputShape())
			}
			scale, err := datasets.FitTargets(table)
			if err != nil || math.Abs(float64(scale.Mean()[0])-want.mean) > 6e-4 {
				t.Errorf("mean %s is %v, want %v (%v)", s.Target, scale.Mean(), want.mean, err)
			}
		})
	}
}

func TestSplits(t *testing.T) {
	for _, s := range Sets() {
		t.Run(s.Name, func(t *testing.T) {
			folds, err := s.Splits()
			if err != nil || len(folds) != 20 {
				t.Fatalf("want 20 splits, got %d, %v", len(folds), err)
			}
			want := published[s.Name]
			for i, f := range folds {
				if len(f.Train) != want.rows-want.test || len(f.Test) != want.test || f.Part != i {
					t.Errorf("split %d: want %d and %d examples, got %d and %d", f.Part, want.rows-want.test, want.test, len(f.Train), len(f.Test))
				}
			}
		})
	}
}

func TestUnknownSet(t *testing.T) {
	_, err := Set{Name: "boston"}.Load()
	testkit.Rejects(t, err, `uci: Load: set must be one of Sets, got "boston"`)
	_, err = Set{Name: "boston"}.Splits()
	testkit.Rejects(t, err, `uci: Load: set must be one of Sets, got "boston"`)
}
