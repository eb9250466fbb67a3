package blas

import (
	"path/filepath"
	"strings"
	"sync"

	"github.com/pkg/errors"
)

// library is a loaded BLAS.
type library struct {
	name    string // as it was asked for
	path    string // of its file, "" if not known
	product string // the name people know, with its version, "" if not known
	handle  uintptr

	get, set uintptr // read and write the number of threads, 0 if there is no such routine

	// An OpenBLAS built for one thread may use its buffers without a lock, so
	// calls must not overlap.
	serial bool
	mu     sync.Mutex
}

// loadError says that there is no such library.
type loadError struct{ error }

// open loads a library that another process has found to be right.
func open(name string) (*Implementation, error) {
	if err := tryApart(name); err != nil {
		return nil, err
	}
	b, err := bindTo(name)
	if err != nil {
		return nil, err
	}
	b.single.least, b.double.least = worthwhile, worthwhile
	return b, b.check(smallSizes)
}

// bindTo loads a library, which then gets all calls, however small.
func bindTo(name string) (*Implementation, error) {
	found, err := locate(name)
	if err != nil {
		return nil, loadError{err}
	}
	handle, err := load(found)
	if err != nil {
		return nil, loadError{err}
	}
	b := &Implementation{lib: identify(name, handle)}
	if err := b.single.bind(b.lib, "s"); err != nil {
		return nil, err
	}
	if err := b.double.bind(b.lib, "d"); err != nil {
		return nil, err
	}
	if b.lib.path = file(b.single.gemm); b.lib.path == "" && filepath.IsAbs(found) {
		b.lib.path = found
	}
	return b, nil
}

// identify finds out which product a library is from routines that only this
// product has.
func identify(name string, handle uintptr) *library {
	l := &library{name: name, handle: handle}
	find := func(routine string) uintptr { return symbol(handle, routine) }
	if config := find("openblas_get_config"); config != 0 {
		l.product = openblas(text(config))
		l.get, l.set = find("openblas_get_num_threads"), find("openblas_set_num_threads")
		if parallel := find("openblas_get_parallel"); parallel != 0 {
			l.serial = int32(call(parallel)) == 0
		}
	} else if version := find("MKL_Get_Version_String"); version != 0 {
		l.product = mkl(written(version))
		l.get, l.set = find("MKL_Get_Max_Threads"), find("MKL_Set_Num_Threads")
	} else if version := find("bli_info_get_version_str"); version != 0 {
		l.product = "BLIS " + text(version)
		l.get, l.set = find("bli_thread_get_num_threads"), find("bli_thread_set_num_threads")
	} else if strings.Contains(name, "Accelerate.framework") {
		l.product = "Accelerate"
	}
	return l
}

// openblas extracts name and version from OpenBLAS's description of itself,
// such as "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH Zen MAX_THREADS=64"; in old
// versions it does not begin with them.
func openblas(config string) string {
	if f := strings.Fields(config); len(f) > 1 && f[0] == "OpenBLAS" {
		return "OpenBLAS " + f[1]
	}
	return "OpenBLAS"
}

// mkl extracts the version from MKL's description of itself, such as "Intel(R)
// oneAPI Math Kernel Library Version 2024.0-Product Build 20231011 for Intel(R)
// 64 architecture applications".
func mkl(account string) string {
	_, version, found := strings.Cut(account, "Version ")
	if !found {
		return "MKL"
	}
	version, _, _ = strings.Cut(version, " ")
	return "MKL " + strings.TrimSuffix(version, "-Product")
}

// threads returns the number of threads, 0 if the library does not tell. BLIS
// says -1 if no number was set.
func (l *library) threads() int {
	if l.get == 0 {
		return 0
	}
	return max(0, int(int32(call(l.get))))
}

func (l *library) setThreads(n int) error {
	if l.set == 0 {
		return errors.Errorf("library must have a routine for it, got %s without", l.name)
	}
	call(l.set, uintptr(n))
	if now := l.threads(); now != 0 && now != n {
		return errors.Errorf("%s must use %d threads, got %d", l.name, n, now)
	}
	return nil
}

// enter and leave surround each call of a routine that computes.
func (l *library) enter() {
	if l.serial {
		l.mu.Lock()
	}
}

func (l *library) leave() {
	if l.serial {
		l.mu.Unlock()
	}
}
