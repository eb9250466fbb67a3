package drop

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
)

// golden is one line of testdata/masks.txt.
type golden struct {
	line   string
	stream Stream
	p      float64
	shape  []int
	kept   string
}

func readGolden(t *testing.T) []golden {
	t.Helper()
	f, err := os.Open("testdata/masks.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []golden
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		head, kept, _ := strings.Cut(line, ": ")
		fields := strings.Fields(head)
		if len(fields) != 5 {
			t.Fatalf("masks.txt: want 5 fields, got %q", head)
		}
		number := func(s string) uint64 {
			n, err := strconv.ParseUint(s, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		g := golden{line: head, kept: kept}
		g.stream = Stream{Seed: number(fields[0]), Layer: uint32(number(fields[1])), Step: number(fields[2])}
		if g.p, err = strconv.ParseFloat(fields[3], 64); err != nil {
			t.Fatal(err)
		}
		for d := range strings.SplitSeq(strings.Trim(fields[4], "()"), ",") {
			if d != "" {
				g.shape = append(g.shape, int(number(d)))
			}
		}
		all = append(all, g)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestGoldenMasks(t *testing.T) {
	all := readGolden(t)
	if len(all) < 40 {
		t.Fatalf("masks.txt holds %d masks, want at least 40", len(all))
	}
	for _, g := range all {
		size := 1
		for _, d := range g.shape {
			size *= d
		}
		x := make([]float32, size)
		for i := range x {
			x[i] = 1
		}
		threshold := Threshold(g.p)
		for _, set := range isa.Supported() {
			y := make([]float32, size)
			apply(set, y, x, 0, g.stream, threshold)
			for i := range g.kept {
				want := float32(0)
				if g.kept[i] == '1' {
					want = float32(Scale(threshold))
				}
				if y[i] != want {
					t.Errorf("%s: %s: element %d is %v, want %v", set, g.line, i, y[i], want)
					break
				}
			}
		}
	}
}
