package blas

import (
	"os"
	"runtime"
	"strings"

	"github.com/pkg/errors"
)

// Variable is the environment variable that [Find] reads.
const Variable = "DROPOUT_BLAS"

// Find returns the BLAS that the environment variable DROPOUT_BLAS names, as
// for [Open]. If that is not available it returns the built-in one, and
// [Implementation.Describe] says why.
func Find() *Implementation {
	choice := os.Getenv(Variable)
	b, err := Open(choice)
	if err == nil {
		return b
	}
	return &Implementation{builtin: true, reason: Variable + "=" + choice + ": " + err.Error()}
}

// Open returns the BLAS of the given name:
//
//   - "builtin", "auto" or "" is that of package product;
//   - "gonum" is gonum's own;
//   - "library" is the first of this system's usual libraries that gives right
//     answers: Accelerate on macOS, then OpenBLAS, MKL, BLIS;
//   - anything else is the absolute path of a library, or its name, which is looked
//     for where the system keeps libraries and never in the current directory.
//
// It is an error if no library is found, or if the named one cannot be loaded,
// lacks a routine, or gives wrong answers.
func Open(name string) (*Implementation, error) {
	switch name {
	case "", "auto", "builtin":
		return &Implementation{builtin: true}, nil
	case "gonum":
		return new(Implementation), nil
	}
	if !loads {
		return nil, errors.New("this build does not load libraries")
	}
	if name != "library" {
		return open(name)
	}
	var refused []string
	for _, candidate := range candidates(runtime.GOOS) {
		b, err := open(candidate)
		if err == nil {
			return b, nil
		}
		// A missing library is the usual case; one that is there but unusable
		// deserves a message.
		if !errors.As(err, new(loadError)) {
			refused = append(refused, err.Error())
		}
	}
	if len(refused) > 0 {
		return nil, errors.New(strings.Join(refused, "; "))
	}
	return nil, errors.New("no OpenBLAS, MKL, BLIS or Accelerate found")
}

// candidates returns the libraries to look for on an operating system, best
// first. Fedora's libopenblas.so.0 uses one thread, its libopenblasp.so.0 many.
func candidates(goos string) []string {
	switch goos {
	case "linux":
		return []string{
			"libopenblasp.so.0", "libopenblas.so.0", "libopenblas.so",
			"libmkl_rt.so.3", "libmkl_rt.so.2", "libmkl_rt.so",
			"libblis.so.4", "libblis-mt.so.4", "libblis.so",
		}
	case "darwin":
		return []string{
			"/System/Library/Frameworks/Accelerate.framework/Accelerate",
			"/opt/homebrew/opt/openblas/lib/libopenblas.dylib",
			"/usr/local/opt/openblas/lib/libopenblas.dylib",
			"libopenblas.dylib",
			"libmkl_rt.2.dylib",
			"/opt/homebrew/opt/blis/lib/libblis.dylib",
			"/usr/local/opt/blis/lib/libblis.dylib",
		}
	case "windows":
		return []string{"libopenblas.dll", "openblas.dll", "mkl_rt.3.dll", "mkl_rt.2.dll", "mkl_rt.dll"}
	}
	return nil
}
