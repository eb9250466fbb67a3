package product

import (
	"bufio"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/kernel/kerneltest"
)

// golden is one line of testdata/products.txt, which testdata/products.py wrote.
type golden struct {
	line   string   // as far as the numbers
	fields []string // of it
	lists  [][]string
}

func readGolden(t *testing.T) []golden {
	t.Helper()
	f, err := os.Open("testdata/products.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []golden
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		head, rest, ok := strings.Cut(lines.Text(), ":")
		if strings.HasPrefix(head, "#") {
			continue
		}
		if !ok {
			t.Fatalf("products.txt: no numbers in %q", lines.Text())
		}
		g := golden{line: head, fields: strings.Fields(head)}
		for list := range strings.SplitSeq(rest, "|") {
			g.lists = append(g.lists, strings.Fields(list))
		}
		all = append(all, g)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// parse reads numbers written as bits.
func parse[F Float](t *testing.T, fields []string) []F {
	t.Helper()
	x := make([]F, len(fields))
	for i, field := range fields {
		if field == "nan" {
			x[i] = F(math.NaN())
			continue
		}
		u, err := strconv.ParseUint(field, 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		if len(field) == 8 {
			x[i] = F(math.Float32frombits(uint32(u)))
		} else {
			x[i] = F(math.Float64frombits(u))
		}
	}
	return x
}

func TestGolden(t *testing.T) {
	all := readGolden(t)
	forEachSet(t,
		func(t *testing.T, k *kernels[float32]) { testGolden(t, k, all, "32") },
		func(t *testing.T, k *kernels[float64]) { testGolden(t, k, all, "64") })
}

func testGolden[F Float](t *testing.T, k *kernels[F], all []golden, bits string) {
	checked := 0
	for _, g := range all {
		if g.fields[1] != bits {
			continue
		}
		var x [][]F
		for _, list := range g.lists {
			x = append(x, parse[F](t, list))
		}
		got, want := answer(t, k, g, x), x[len(x)-1]
		if i := kerneltest.Differs(got, want); i >= 0 || len(got) != len(want) {
			t.Errorf("%s: element %d is %v, want %v", g.line, i, got, want)
		}
		checked++
	}
	if checked < 100 {
		t.Errorf("products.txt has %d lines of %s bits, want at least 100", checked, bits)
	}
}

// answer computes what a line says of the numbers in it.
func answer[F Float](t *testing.T, k *kernels[F], g golden, x [][]F) []F {
	t.Helper()
	size := func(i int) int {
		n, err := strconv.Atoi(g.fields[i])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	vector := func(x []F) Vector[F] { return Vector[F]{Elements: x, Step: 1, N: len(x)} }
	switch g.fields[0] {
	case "product":
		m, n, d := size(2), size(3), size(4)
		operand := func(x []F, rows, cols, transposed int) Matrix[F] {
			if transposed == 1 {
				return Matrix[F]{x, rows, cols, 1, rows}
			}
			return Matrix[F]{x, rows, cols, cols, 1}
		}
		factors := parse[F](t, g.fields[7:9])
		c := Matrix[F]{append([]F(nil), x[2]...), m, n, n, 1}
		k.multiply(2, factors[0], operand(x[0], m, d, size(5)), operand(x[1], d, n, size(6)), factors[1], c)
		return c.Elements
	case "dot":
		return []F{k.inner(vector(x[0]), vector(x[1]))}
	case "asum":
		return []F{k.absoluteSum(vector(x[0]))}
	case "nrm2":
		return []F{normOf(k, vector(x[0]))}
	}
	t.Fatalf("products.txt: unknown %q", g.fields[0])
	return nil
}

// normOf is Norm by the kernels of k's instruction set.
func normOf[F Float](k *kernels[F], x Vector[F]) F {
	wide := pick(sets64, k.set)
	switch x := any(x).(type) {
	case Vector[float32]:
		return F(norm32(wide, x))
	case Vector[float64]:
		return F(norm64(wide, x))
	}
	panic("no such type")
}
