package mask

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
)

// vectors calls f with the two sides of the colon of each line of a file in
// testdata that is not a comment, and returns how many there were.
func vectors(t *testing.T, name string, f func(head, data string)) int {
	t.Helper()
	file, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	n := 0
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if head, data, ok := strings.Cut(lines.Text(), ": "); ok && head[0] != '#' {
			f(head, data)
			n++
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestGoldenExactK(t *testing.T) {
	n := vectors(t, "exactk.txt", func(head, want string) {
		var s drop.Stream
		var n, k int
		if _, err := fmt.Sscan(head, &s.Seed, &s.Layer, &s.Step, &n, &k); err != nil {
			t.Fatalf("%q: %v", head, err)
		}
		kept := Bools(ExactK(n, k, s), n)
		count := 0
		for i, b := range kept {
			if b {
				count++
			}
			if i < len(want) && b != (want[i] == '1') {
				t.Errorf("%s: unit %d is kept: %v, want %c", head, i, b, want[i])
			}
		}
		if count != k {
			t.Errorf("%s: %d units are kept", head, count)
		}
	})
	if n < 40 {
		t.Errorf("exactk.txt has %d masks, want at least 40", n)
	}
}

func TestGoldenWords(t *testing.T) {
	n := vectors(t, "words.txt", func(head, data string) {
		var s drop.Stream
		if _, err := fmt.Sscan(head, &s.Seed, &s.Layer, &s.Step); err != nil {
			t.Fatalf("%q: %v", head, err)
		}
		want := strings.Fields(data)
		got := make([]uint32, len(want))
		drop.Words(got, 0, s)
		for i := range want {
			if fmt.Sprintf("%08x", got[i]) != want[i] {
				t.Errorf("%s: word %d is %08x, want %s", head, i, got[i], want[i])
			}
		}
		// Any group on can be drawn by itself.
		tail := make([]uint32, len(want)-drop.WordGroup)
		drop.Words(tail, 1, s)
		for i, w := range tail {
			if w != got[drop.WordGroup+i] {
				t.Errorf("%s: word %d is %08x from group 1 on, want %08x", head, drop.WordGroup+i, w, got[drop.WordGroup+i])
			}
		}
	})
	if n != 4 {
		t.Errorf("words.txt has %d streams, want 4", n)
	}
}

func TestGoldenConcrete(t *testing.T) {
	n := vectors(t, "concrete.txt", func(head, data string) {
		var s drop.Stream
		var order int
		var logit, temperature float64
		if _, err := fmt.Sscan(head, &s.Seed, &s.Layer, &s.Step, &order, &logit, &temperature); err != nil {
			t.Fatalf("%q: %v", head, err)
		}
		want := strings.Fields(data)
		got := slices.Repeat([]float64{1}, len(want))
		Concrete(NewLayout([]int{len(want)}, nil), s, order, logit, temperature).Float64(got, got)
		for i := range want {
			if fmt.Sprintf("%016x", math.Float64bits(got[i])) != want[i] {
				t.Errorf("%s: factor %d is %v (%016x), want %s", head, i, got[i], math.Float64bits(got[i]), want[i])
			}
		}
	})
	if n != 36 {
		t.Errorf("concrete.txt has %d lines, want 36", n)
	}
}
