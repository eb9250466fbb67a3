package main

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/blas"
	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
)

// torchScript times PyTorch by the protocol of worker.go.
//
//go:embed pytorch.py
var torchScript string

// programs are the programs that run cases and the libraries that they use, each with why
// it is not there if it is not.
type programs struct {
	self, python, gomlx found
	libraries           map[build]found
	temporary           string // where GoMLX's side was built
}

// found is the path of a program or a library, or why there is none.
type found struct {
	path string
	err  error
}

// programs looks for what the chosen cases need.
func (c *cli) programs(ctx context.Context, chosen []*benchCase) *programs {
	p := &programs{python: found{path: c.Python}, libraries: make(map[build]found)}
	p.self.path, p.self.err = os.Executable()
	needs := func(with program) bool {
		return slices.ContainsFunc(chosen, func(b *benchCase) bool { return b.with == with })
	}
	if needs(torch) {
		// To import it takes seconds.
		const find = "import importlib.util as u, sys; sys.exit(u.find_spec('torch') is None)"
		err := exec.CommandContext(ctx, c.Python, "-c", find).Run()
		p.python.err = errors.Wrapf(err, "PyTorch is not there for %s (Debian: python3-torch; or give --python)", c.Python)
	}
	if needs(gomlx) {
		p.buildGoMLX(ctx, c.GoMLX)
	}
	p.libraries[pthread] = library(c.PthreadBLAS, "--pthread-blas", pthread, []string{
		"/usr/lib/*/openblas-pthread/libopenblas.so.0", "/usr/lib64/libopenblasp.so.0",
	})
	p.libraries[openmp] = library(c.OpenMPBLAS, "--openmp-blas", openmp, []string{
		"/usr/lib/*/openblas-openmp/libopenblas.so.0", "/usr/lib64/libopenblaso.so.0",
	})
	return p
}

// library returns the given library, or the first that is in one of the places.
func library(given, flag string, b build, places []string) found {
	if given != "" {
		if _, err := os.Stat(given); err != nil {
			return found{err: errors.Wrap(err, flag)}
		}
		path, err := filepath.Abs(given)
		return found{path, err}
	}
	for _, place := range places {
		if paths, _ := filepath.Glob(place); len(paths) > 0 {
			return found{path: paths[0]}
		}
	}
	return found{err: errors.Errorf("OpenBLAS with %s is not there (Debian: libopenblas0-%s; or give %s)", b, strings.ToLower(string(b)), flag)}
}

// buildGoMLX builds GoMLX's side, which cleanUp removes.
func (p *programs) buildGoMLX(ctx context.Context, dir string) {
	if p.temporary, p.gomlx.err = os.MkdirTemp("", "bench"); p.gomlx.err != nil {
		return
	}
	p.gomlx.path = filepath.Join(p.temporary, "gomlx")
	out, err := exec.CommandContext(ctx, "go", "build", "-C", dir, "-o", p.gomlx.path, ".").CombinedOutput()
	if err != nil {
		p.gomlx.err = errors.Errorf("GoMLX cannot be built (%v): %s", err, complaint(string(out)))
	}
}

func (p *programs) cleanUp() {
	if p.temporary != "" {
		_ = os.RemoveAll(p.temporary)
	}
}

// command returns the command line of a case and the variables to add to environment's.
func (p *programs) command(b *benchCase) (line, env []string, err error) {
	threads := strconv.Itoa(cmp.Or(b.threads, 2))
	for _, name := range []string{"GOMAXPROCS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"} {
		env = append(env, name+"="+threads)
	}
	if b.generic {
		env = append(env, "DROPOUT_KERNEL=generic")
	}
	lib := p.libraries[b.blas]
	if b.with == torch && p.python.err != nil {
		return nil, nil, p.python.err
	}
	if lib.err != nil {
		return nil, nil, lib.err
	}
	switch b.with {
	case torch:
		if lib.path != "" {
			// Debian's PyTorch loads libblas.so.3, which lies beside libopenblas.so.0.
			env = append(env, "LD_LIBRARY_PATH="+joined(filepath.Dir(lib.path), os.Getenv("LD_LIBRARY_PATH")))
		}
		return []string{p.python.path, "-c", torchScript, threads, string(b.blas), b.script}, env, nil
	case gomlx:
		return []string{p.gomlx.path, b.script}, env, p.gomlx.err
	}
	switch b.blas {
	case standard:
		env = append(env, blas.Variable+"=builtin")
	case gonum:
		env = append(env, blas.Variable+"=gonum")
	default:
		env = append(env, blas.Variable+"="+lib.path)
	}
	return []string{p.self.path, "--worker", b.Name}, env, p.self.err
}

// joined puts a folder before those of a list.
func joined(dir, list string) string {
	if list == "" {
		return dir
	}
	return dir + string(os.PathListSeparator) + list
}

// environment leaves out the variables that change how many threads a program has, how
// they wait, which products it uses or for which processor they are: each case says that
// itself, and a library is to choose its own kernels.
func environment(all []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		if slices.Contains([]string{"GOMAXPROCS", "GOGC", "GOMEMLIMIT", blas.Variable}, name) {
			return true
		}
		return slices.ContainsFunc([]string{"OPENBLAS_", "GOTO_", "OMP_", "GOMP_", "KMP_", "MKL_", "BLIS_"},
			func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	})
}

// alike are variables that hold other libraries to the instruction set that DROPOUT_KERNEL
// chooses for ours, where that is AVX2 and the processor has AVX-512, which they would use:
// OpenBLAS (OPENBLAS_), PyTorch's own loops (ATEN_) and what its builds have products from.
func alike(kernel string, supported []isa.Set) []string {
	if kernel != isa.AVX2.String() || !slices.Contains(supported, isa.AVX512) {
		return nil
	}
	return []string{
		"OPENBLAS_CORETYPE=Haswell", "ATEN_CPU_CAPABILITY=avx2",
		"ONEDNN_MAX_CPU_ISA=AVX2", "DNNL_MAX_CPU_ISA=AVX2", "MKL_ENABLE_INSTRUCTIONS=AVX2",
	}
}

// describe names the libraries that were found.
func (p *programs) describe() []string {
	var lines []string
	for _, b := range []build{pthread, openmp} {
		if lib := p.libraries[b]; lib.err == nil {
			lines = append(lines, fmt.Sprintf("OpenBLAS with %s: %s.", b, lib.path))
		}
	}
	return lines
}
