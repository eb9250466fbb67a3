package blas

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// compile makes a shared library of C source, or skips the test.
func compile(t *testing.T, name, source string) string {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil || runtime.GOOS != "linux" || !loads {
		t.Skip("no C compiler, or no Linux")
	}
	path := filepath.Join(t.TempDir(), name)
	c := exec.Command(cc, "-shared", "-fPIC", "-O1", "-x", "c", "-o", path, "-")
	c.Stdin = strings.NewReader(source)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// naive is a BLAS that is right, if INT is int and LIMIT large; PRODUCT is done in
// each gemm.
const naive = `
#include <stdio.h>
#include <stdlib.h>
#ifndef PRODUCT
#define PRODUCT
#endif
#define AT(x, i, n, inc) x[(inc) < 0 ? ((i) - (n) + 1) * (inc) : (i) * (inc)]
#define ALL(T, p) \
void p##gemm_(char *tA, char *tB, INT *m, INT *n, INT *k, T *alpha, T *a, INT *lda, T *b, INT *ldb, T *beta, T *c, INT *ldc) { \
	PRODUCT \
	for (INT i = 0; i < *m; i++) for (INT j = 0; j < *n; j++) { \
		T s = 0; \
		for (INT l = 0; l < *k; l++) \
			s += (*tA == 'N' ? a[i + l * *lda] : a[l + i * *lda]) * (*tB == 'N' ? b[l + j * *ldb] : b[j + l * *ldb]); \
		c[i + j * *ldc] = *alpha * s + (*beta == 0 ? 0 : *beta * c[i + j * *ldc]) + (*m > LIMIT); \
	} } \
void p##gemv_(char *t, INT *m, INT *n, T *alpha, T *a, INT *lda, T *x, INT *ix, T *beta, T *y, INT *iy) { \
	INT rows = *t == 'N' ? *m : *n, cols = *t == 'N' ? *n : *m; \
	for (INT i = 0; i < rows; i++) { \
		T s = 0; \
		for (INT l = 0; l < cols; l++) s += (*t == 'N' ? a[i + l * *lda] : a[l + i * *lda]) * AT(x, l, cols, *ix); \
		T *to = &AT(y, i, rows, *iy); \
		*to = *alpha * s + (*beta == 0 ? 0 : *beta * *to); \
	} } \
void p##ger_(INT *m, INT *n, T *alpha, T *x, INT *ix, T *y, INT *iy, T *a, INT *lda) { \
	for (INT i = 0; i < *m; i++) for (INT j = 0; j < *n; j++) a[i + j * *lda] += *alpha * AT(x, i, *m, *ix) * AT(y, j, *n, *iy); } \
void p##axpy_(INT *n, T *alpha, T *x, INT *ix, T *y, INT *iy) { \
	for (INT i = 0; i < *n; i++) AT(y, i, *n, *iy) += *alpha * AT(x, i, *n, *ix); } \
void p##scal_(INT *n, T *alpha, T *x, INT *ix) { for (INT i = 0; i < *n; i++) x[i * *ix] *= *alpha; }
ALL(float, s)
ALL(double, d)
`

// A right library is used; others leave this process unharmed, with the reason.
func TestTriedApart(t *testing.T) {
	const ok = "#define INT int\n#define LIMIT 1000000\n"
	for _, tt := range []struct{ name, source, want string }{
		{"right", ok + naive, ""},
		{"greeting", ok + "#define PRODUCT if (getenv(\"DROPOUT_BLAS_TRY\")) { puts(\"hello\"); fflush(stdout); }\n" + naive, ""},
		{"large", "#define INT int\n#define LIMIT 50\n" + naive, "gemm gives a wrong answer"},
		{"crashing", ok + "#define PRODUCT *(volatile int *)8 = 1;\n" + naive, "crashes in a trial"},
		{"aborting", ok + "#define PRODUCT abort();\n" + naive, "crashes in a trial"},
		{"leaving", ok + "#define PRODUCT exit(0);\n" + naive, "ends the process in a trial"},
		{"ILP64", "#define INT long long\n#define LIMIT 1000000\n" + naive, ""}, // integers are passed in 64 bits, of which others read 32
		{"old", "void sgemm_(void) {}\n", "lacks sgemv_"},
		{"loaded", "#include <stdlib.h>\n__attribute__((constructor)) static void c(void) { abort(); }\n", "crashes in a trial"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := compile(t, "libtest.so", tt.source)
			b, err := Open(path)
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if got := b.Describe(); got != "BLAS: "+path {
					t.Errorf("the description is %q, want the path %q", got, path)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("want an error with %q, got %v", tt.want, err)
			}
		})
	}
}

// A library in the current directory is not loaded, whoever asks for it.
func TestNotHere(t *testing.T) {
	path := compile(t, "libopenblas.so.0", "#include <stdlib.h>\n__attribute__((constructor)) static void c(void) { abort(); }\n")
	t.Chdir(filepath.Dir(path))
	if b, err := Open("library"); err == nil && filepath.Dir(b.lib.path) == filepath.Dir(path) {
		t.Errorf("%s is loaded", b.lib.path)
	}
	for _, name := range []string{"./libopenblas.so.0", "sub/libopenblas.so.0", "../libopenblas.so.0"} {
		if _, err := Open(name); err == nil || !strings.Contains(err.Error(), "library must be a name or an absolute path") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	// An empty directory in the loader's path is the current one.
	t.Setenv("LD_LIBRARY_PATH", string(os.PathListSeparator)+"/nowhere")
	if _, err := Open("libopenblas.so.0"); err == nil || !strings.Contains(err.Error(), "LD_LIBRARY_PATH must have absolute directories only") {
		t.Errorf("got %v", err)
	}
}

// The first directory that is absolute and has the library is taken.
func TestFirst(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"here/lib", "there/lib"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := first("lib", []string{"", "here", "/nowhere", filepath.Join(dir, "there")}); err != nil || got != filepath.Join(dir, "there", "lib") {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := first("lib", []string{"here", "."}); err == nil {
		t.Error("relative directories must not be searched")
	}
}
