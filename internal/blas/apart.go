package blas

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/pkg/errors"
)

const (
	// tryVariable asks this program to try a library and end.
	tryVariable = "DROPOUT_BLAS_TRY"
	// right is what a process says that has found a library to be right.
	right = "dropout: right\n"
	// absent begins what it says where there is none.
	absent = "dropout: absent: "
	// wrong begins what it says of a library that is not right.
	wrong = "dropout: wrong: "
)

// tryLimit is how long a library may take to be tried.
const tryLimit = 30 * time.Second

// A program that is started by tryApart tries the library and ends before its main
// function.
func init() {
	if name := os.Getenv(tryVariable); name != "" && loads {
		fmt.Print(try(name))
		os.Exit(0)
	}
}

// try loads a library, compares its answers with gonum's and returns the verdict.
func try(name string) string {
	b, err := bindTo(name)
	if err == nil {
		err = b.check(append(smallSizes[:len(smallSizes):len(smallSizes)], largeSizes...))
	}
	switch {
	case err == nil:
		return right
	case errors.As(err, new(loadError)):
		return absent + err.Error()
	}
	return wrong + err.Error()
}

// tryApart has a library tried by another process, which it may crash: this program,
// started again.
func tryApart(name string) error {
	self, err := os.Executable()
	if err != nil {
		return errors.Wrapf(err, "%s cannot be tried", name)
	}
	if runtime.GOOS == "linux" {
		self = "/proc/self/exe" // is there even if the file has been removed or replaced
	}
	ctx, cancel := context.WithTimeout(context.Background(), tryLimit)
	defer cancel()
	child := exec.CommandContext(ctx, self)
	child.Env = append(os.Environ(), tryVariable+"="+name)
	child.WaitDelay = time.Second
	out, err := child.Output()
	// A library may write a greeting before.
	said := string(out)
	switch {
	case ctx.Err() != nil:
		return errors.Errorf("%s takes more than %v to multiply small matrices", name, tryLimit)
	case errors.As(err, new(*exec.ExitError)):
		return errors.Errorf("%s crashes in a trial: %v", name, err)
	case err != nil:
		return errors.Wrapf(err, "%s cannot be tried", name)
	case strings.HasSuffix(said, right):
		return nil
	}
	if _, reason, found := strings.Cut(said, absent); found {
		return loadError{errors.New(reason)}
	}
	if _, reason, found := strings.Cut(said, wrong); found {
		return errors.New(reason)
	}
	return errors.Errorf("%s ends the process in a trial", name)
}
