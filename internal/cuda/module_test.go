package cuda_test

import (
	"strings"
	"testing"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/internal/cuda/cudatest"
)

func TestModule(t *testing.T) {
	k := newKit(t)
	if name := k.function("test_sum").Name(); name != "test_sum" {
		t.Errorf("test_sum is named %s", name)
	}
	_, err := k.m.Function("test_none")
	saysNo(t, err, cuda.NotFound, "cuda: Function: test_none: named symbol not found (CUDA_ERROR_NOT_FOUND)")

	m := must(k.d.Load(cudatest.PTX))(t)
	check(t, m.Close())
	check(t, m.Close())
	_, err = m.Function("test_sum")
	saysNo(t, err, 0, "cuda: Function: test_sum: the module must be open")
	var none *cuda.Module
	check(t, none.Close())
}

// The error of a program that is wrong has the compiler's words.
func TestLoadWrong(t *testing.T) {
	k := newKit(t)
	if cudatest.Real() {
		t.Skip("a real driver has other words for what is no program at all")
	}
	_, err := k.d.Load([]byte("this is no program\n"))
	var e *cuda.Error
	if !errors.As(err, &e) || e.Code != cuda.InvalidPTX {
		t.Fatalf("the error is %v", err)
	}
	t.Log(err)
	if !strings.Contains(e.Log, ".version") || strings.ContainsAny(err.Error(), "\n\x00") || !strings.HasPrefix(err.Error(), "cuda: Load: a PTX JIT compilation failed (CUDA_ERROR_INVALID_PTX): ") {
		t.Errorf("the error is %q", err)
	}
	_, err = k.d.Load(nil)
	if err == nil {
		t.Error("an empty program is loaded")
	}
}
