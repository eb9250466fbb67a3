package main

import (
	"fmt"
	"runtime"
	"slices"
)

// A benchCase is one thing that is measured, in a process of its own.
type benchCase struct {
	Name  string // group and what is measured by whom, as "mlp/dropout-ours2"
	Group string
	Title string

	with    program // who runs it
	script  string  // what another program than this one calls it
	blas    build
	threads int    // goroutines or threads; 0 means 2
	generic bool   // without assembly
	long    bool   // not in the short run
	point   *point // in the figure of its group
	amount  amount // what a step does, if its speed is of interest
	work    func() (loop, error)
}

// program is who runs a case.
type program string

const (
	own   program = ""
	torch program = "PyTorch"
	gomlx program = "GoMLX"
)

// build is whose matrix products a case uses.
type build string

const (
	standard build = "" // ours, and what PyTorch comes with
	gonum    build = "gonum"
	pthread  build = "pthread" // OpenBLAS with POSIX threads
	openmp   build = "OpenMP"  // OpenBLAS with OpenMP
)

// amount is how much of a unit a step does; 0 if that is not known.
type amount struct {
	Of   float64 `json:"of"`
	Unit string  `json:"unit"`
}

// A point is the place of a case in a figure.
type point struct {
	Series string  `json:"series"`
	X      float64 `json:"x"`
}

// A loop does one step after the other for as long as next, which it calls
// before the first, between any two and after the last, says so.
type loop func(next func() bool) error

// steps is the loop of a function that does one step.
func steps(step func() error) loop {
	return func(next func() bool) error {
		for next() {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	}
}

const mega = 1 << 20

// cases returns all there is to measure, in the order of the tables.
func cases() []*benchCase {
	return slices.Concat(
		machineCases(), dropoutCases("op-1M", "1M", mega, true), dropoutCases("op-16M", "16M", 16*mega, false),
		productCases(), mlpCases(), cnnCases(), smallCases(), languageCases(), inferenceCases(), pairCases(),
		epochCases(), growthCases())
}

// group names cases after their group.
func group(name string, cases ...[]benchCase) []*benchCase {
	var all []*benchCase
	for _, b := range slices.Concat(cases...) {
		b.Group, b.Name = name, name+"/"+b.Name
		all = append(all, &b)
	}
	return all
}

// one is a case that differs from others.
func one(b benchCase) []benchCase { return []benchCase{b} }

// inLong leaves cases to the long run.
func inLong(cases []benchCase) []benchCase {
	for i := range cases {
		cases[i].long = true
	}
	return cases
}

// ours is a step of this library in as many goroutines as given, the most first.
func ours(name, title string, goroutines []int, work func() (loop, error)) []benchCase {
	var all []benchCase
	for _, n := range slices.Backward(goroutines) {
		all = append(all, benchCase{
			Name: fmt.Sprintf("%s-ours%d", name, n), Title: title + ", " + count(n, "goroutine"), threads: n, work: work,
		})
	}
	return all
}

var (
	both = []int{1, 2}
	two  = []int{2}
)

// count writes a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// torchSuffix is how the names of PyTorch's cases end, before the number of threads.
var torchSuffix = map[build]string{standard: "-torch", openmp: "-torchomp"}

// torchCases are PyTorch's variants of a step: with the BLAS that it comes with and with
// an OpenBLAS with OpenMP, each on some threads.
func torchCases(name, script string, builds []build, threads []int) []benchCase {
	var all []benchCase
	for _, b := range builds {
		title := "PyTorch"
		if len(builds) > 1 {
			title = map[build]string{standard: "PyTorch, its own BLAS", openmp: "PyTorch, OpenMP BLAS"}[b]
		}
		for _, n := range threads {
			all = append(all, benchCase{
				Name: fmt.Sprint(name, torchSuffix[b], n), Title: title + ", " + count(n, "thread"),
				with: torch, script: script, blas: b, threads: n,
			})
		}
	}
	return all
}

// ownBLAS is for steps without matrix products, everyBLAS for those with them.
var (
	ownBLAS   = []build{standard}
	everyBLAS = []build{standard, openmp}
)

// dropoutCases are dropout by itself.
func dropoutCases(name, size string, n int, backwardInShort bool) []*benchCase {
	what := " of dropout, " + size + " float32"
	backward := slices.Concat(
		ours("both", "forward and backward"+what, two, func() (loop, error) { return dropoutOp(n, true) }),
		one(benchCase{Name: "both-gorgonia", Title: "gorgonia.Dropout", work: func() (loop, error) { return gorgoniaDropoutOp(n, true) }}),
		torchCases("both", "both "+fmt.Sprint(n), ownBLAS, both))
	forward := slices.Concat(
		ours("forward", "forward"+what, two, func() (loop, error) { return dropoutOp(n, false) }),
		one(benchCase{Name: "memcpy", Title: "copying the memory, 1 goroutine", threads: 1, work: func() (loop, error) { return memcpy(n), nil }}))
	if backwardInShort {
		forward = inLong(forward)
	} else {
		backward = inLong(backward)
	}
	return group(name, backward, forward, inLong(slices.Concat(
		one(benchCase{Name: "both-generic", Title: "the same without assembly", generic: true, work: func() (loop, error) { return dropoutOp(n, true) }}),
		one(benchCase{Name: "both-gomlx", Title: "GoMLX", with: gomlx, script: name}),
		one(benchCase{Name: "forward-gorgonia", Title: "gorgonia.Dropout, forward", work: func() (loop, error) { return gorgoniaDropoutOp(n, false) }}),
		torchCases("forward", "forward "+fmt.Sprint(n), ownBLAS, both))))
}

// growthCases are the points of the figures.
func growthCases() []*benchCase {
	var all []*benchCase
	for _, width := range []int{256, 512, 1024, 2048} {
		all = append(all, growth("width", fmt.Sprintf("%d units in each hidden layer", width), width, mlp{p: 0.5, width: width}, both)...)
	}
	for _, batch := range []int{32, 64, 128, 256, 512} {
		all = append(all, growth("batch", count(batch, "example"), batch, mlp{p: 0.5, batch: batch}, both)...)
	}
	for _, n := range threadCounts(runtime.NumCPU()) {
		all = append(all, growth("threads", "step with dropout", n, mlp{p: 0.5}, []int{n})...)
	}
	for _, images := range []int{1280, 2560, 5120} {
		all = append(all, group("data", inLong(ours(fmt.Sprint(images), fmt.Sprintf("epoch of %d images", images), two,
			func() (loop, error) { return epoch(images) })))...)
	}
	return all
}

// growth is a point of each line of a figure.
func growth(name, title string, x int, m mlp, threads []int) []*benchCase {
	at := fmt.Sprint(x)
	return group(name, inLong(slices.Concat(
		onLine(inThisLibrary, x, ours(at, title, threads, m.loop)),
		onLine(atTheLimit, x, m.limits(at, threads)),
		onLine(inPyTorch, x, torchCases(at, m.script(), everyBLAS, threads)))))
}

// onLine gives cases their place in a figure.
func onLine(series string, x int, cases []benchCase) []benchCase {
	for i := range cases {
		cases[i].point = &point{Series: series, X: float64(x)}
	}
	return cases
}

// threadCounts returns the powers of two up to the number of cores, and that number.
func threadCounts(cores int) []int {
	var counts []int
	for n := 1; n < cores; n *= 2 {
		counts = append(counts, n)
	}
	return append(counts, cores)
}
