package blas

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/pkg/errors"
)

// locate returns what the system's loader is asked for, so that it looks for no
// library in the current directory. Linux's does so only where LD_LIBRARY_PATH says
// it; macOS's and Windows's do by themselves, so that names are looked up here.
func locate(name string) (string, error) {
	if filepath.IsAbs(name) {
		return name, nil
	}
	if strings.ContainsAny(name, `/\`) {
		return "", errors.Errorf("library must be a name or an absolute path, got %q", name)
	}
	switch runtime.GOOS {
	case "darwin":
		return first(name, []string{"/opt/homebrew/lib", "/usr/local/lib", "/opt/local/lib", "/usr/lib"})
	case "windows":
		return first(name, append([]string{filepath.Join(os.Getenv("SystemRoot"), "System32")}, filepath.SplitList(os.Getenv("PATH"))...))
	}
	for _, dir := range filepath.SplitList(os.Getenv("LD_LIBRARY_PATH")) {
		if !filepath.IsAbs(dir) && exists(filepath.Join(dir, name)) {
			return "", errors.Errorf("LD_LIBRARY_PATH must have absolute directories only, got %q, where there is a %s", dir, name)
		}
	}
	return name, nil
}

// first returns the path of a library in the first directory that has it.
func first(name string, dirs []string) (string, error) {
	for _, dir := range dirs {
		if path := filepath.Join(dir, name); filepath.IsAbs(dir) && exists(path) {
			return path, nil
		}
	}
	return "", errors.Errorf("no %s found", name)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
