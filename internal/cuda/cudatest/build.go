package cudatest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/pkg/errors"
	"golang.org/x/sys/cpu"
)

// missingError says what is needed to build the driver and is not there.
type missingError string

func (e missingError) Error() string { return string(e) }

// library returns the path of the driver for tests, built if need be.
var library = sync.OnceValues(func() (string, error) {
	if !loads {
		return "", missingError("this build cannot load the driver for tests")
	}
	root, err := root()
	if err != nil {
		return "", err
	}
	compiler, err := compiler()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, "internal", "cuda")
	sources := []string{filepath.Join(dir, "fake", "driver.cc"), filepath.Join(dir, "cudatest", "test.cu")}
	kernels := filepath.Join(dir, "kernels", "source")
	if sources, err = appendFiles(sources, kernels); err != nil {
		return "", errors.WithStack(err)
	}
	flags := []string{"-x", "c++", "-std=c++17", "-I", kernels, "-O2", "-ffp-contract=off", "-fPIC", "-shared", "-fno-exceptions", "-fno-rtti"}
	if runtime.GOARCH == "amd64" && cpu.X86.HasFMA {
		flags = append(flags, "-mfma") // one instruction for fma, which kernels have many of
	}
	sum, err := hash(sources, append(flags, compiler, runtime.GOARCH))
	if err != nil {
		return "", errors.WithStack(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	path := filepath.Join(cache, "gorgonia-dropout", "cuda-for-tests", sum+".so")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	return path, build(path, compiler, flags, sources[0], filepath.Join(kernels, "all.cu"), sources[1])
})

// build compiles the driver and the files with kernels.
func build(path, compiler string, flags []string, driver string, kernels ...string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return errors.WithStack(err)
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), "build")
	if err != nil {
		return errors.WithStack(err)
	}
	defer os.RemoveAll(dir)
	var list []byte
	for _, k := range kernels {
		list = fmt.Appendf(list, "#include %q\n", k)
	}
	include, built := filepath.Join(dir, "kernels.h"), filepath.Join(dir, "driver.so")
	if err := os.WriteFile(include, list, 0o644); err != nil {
		return errors.WithStack(err)
	}
	args := append(flags[:len(flags):len(flags)], fmt.Sprintf("-DKERNELS=%q", include), "-o", built, driver, "-lm", "-lpthread")
	if out, err := exec.Command(compiler, args...).CombinedOutput(); err != nil {
		return errors.Errorf("%s %v: %v\n%s", compiler, args, err, out)
	}
	// Two processes may build at once; each has a whole file.
	return errors.WithStack(os.Rename(built, path))
}

// root returns the folder of the module, which tests run in a folder of.
func root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", errors.WithStack(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "internal", "cuda", "fake", "driver.cc")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", missingError("the sources of the driver for tests are not there (internal/cuda/fake)")
		}
		dir = up
	}
}

// compiler returns a compiler for C++. The names are those of C's, which link without
// C++'s library.
func compiler() (string, error) {
	for _, name := range []string{"gcc", "clang", "cc"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		// A compiler for C alone has no cc1plus.
		if exec.Command(path, "-x", "c++", "-fsyntax-only", os.DevNull).Run() == nil {
			return path, nil
		}
	}
	return "", missingError("a compiler for C++ is not installed (Debian: g++)")
}

// appendFiles adds the files of a folder.
func appendFiles(files []string, dir string) ([]string, error) {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	return files, err
}

// hash returns a name for what is built.
func hash(files, more []string) (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%q", more)
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%q %d\n%s", name, len(b), b)
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}
