package embedded

import (
	"crypto/md5"
	"encoding/hex"
	"math"
	"slices"
	"testing"

	"github.com/gorgonia-dropout/dropout/mnist"
)

// The sums under which the files have been known since their publication.
func TestChecksums(t *testing.T) {
	want := map[string]string{
		"train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
		"train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
		"t10k-images-idx3-ubyte.gz":  "9fb629c4189551a2d022fa330f9573f3",
		"t10k-labels-idx1-ubyte.gz":  "ec29112dd5afa0611ce80d1b7f02629c",
	}
	entries, err := files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(want) {
		t.Errorf("%d embedded files, want %d", len(entries), len(want))
	}
	for name, sum := range want {
		b, err := files.ReadFile(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := md5.Sum(b); hex.EncodeToString(got[:]) != sum {
			t.Errorf("MD5 of %s is %x, want %s", name, got, sum)
		}
	}
}

func TestLoad(t *testing.T) {
	train, test, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		set    *mnist.Set
		counts []int
		first  []uint8
	}{
		{"train", train, []int{5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949}, []uint8{5, 0, 4, 1, 9}},
		{"test", test, []int{980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009}, []uint8{7, 2, 1, 0, 4}},
	} {
		if err := c.set.Validate(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.set.Rows != 28 || c.set.Cols != 28 || c.set.Classes != 10 {
			t.Errorf("%s: %d x %d in %d classes, want 28 x 28 in 10", c.name, c.set.Rows, c.set.Cols, c.set.Classes)
		}
		if got := c.set.Counts(); !slices.Equal(got, c.counts) {
			t.Errorf("%s: class counts %v, want %v", c.name, got, c.counts)
		}
		if got := c.set.Labels[:5]; !slices.Equal(got, c.first) {
			t.Errorf("%s: first labels %v, want %v", c.name, got, c.first)
		}
	}

	// The figures with which everyone normalizes MNIST: 0.1307 and 0.3081.
	var sum, squares float64
	for _, v := range train.Pixels {
		x := float64(v) / 255
		sum += x
		squares += x * x
	}
	n := float64(len(train.Pixels))
	mean := sum / n
	sd := math.Sqrt(squares/n - mean*mean)
	if math.Abs(mean-0.1307) > 5e-5 || math.Abs(sd-0.3081) > 5e-5 {
		t.Errorf("training pixels have mean %.5f and standard deviation %.5f, want 0.1307 and 0.3081", mean, sd)
	}
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(70000 * (28*28 + 1))
	for b.Loop() {
		if _, _, err := Load(); err != nil {
			b.Fatal(err)
		}
	}
}
