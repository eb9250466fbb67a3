// Package layering holds no code, only the test that imports point one way.
package layering

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const module = "github.com/gorgonia-dropout/dropout"

// layers are the folders of the module from the bottom to the top, folders in
// them included. A package may import those of its own folder and of the layers
// below, but none beside or above it. docs/design.md shows the same.
var layers = [][]string{
	{"internal/datafile", "internal/fulldisk"},
	{"internal/atomicfile", "internal/bounded", "internal/building", "internal/chromium", "internal/completion", "internal/configfile", "internal/cuda", "internal/exactsum", "internal/filelock", "internal/gradcheck", "internal/onnxpb", "internal/onnxruntime", "internal/parallel", "internal/philox", "internal/photograph", "internal/plaintext", "internal/portable", "internal/pytorch", "internal/room", "internal/sameorigin", "internal/tensorfile", "internal/unlike", "internal/vm"},
	{"internal/kernel", "internal/launch", "internal/localserve", "schedule"},
	{"internal/mask", "internal/blas"},
	{"internal/op"},
	{"internal/draw", "internal/formula", "internal/device"},
	{"ops"},
	{"nn", "internal/testkit"},
	{"models"},
	{"training", "onnx"},
	{"datasets", "mnist", "report"},
	{"internal"}, // what commands share, each folder by itself
	{"cmd", "examples"},
}

// place returns the layer of a package and its folder there, the longest that
// fits.
func place(pkg string) (layer int, folder string, ok bool) {
	for i, folders := range layers {
		for _, f := range folders {
			if (pkg == f || strings.HasPrefix(pkg, f+"/")) && len(f) > len(folder) {
				layer, folder, ok = i, f, true
			}
		}
	}
	if name, found := strings.CutPrefix(pkg, "internal/"); found && folder == "internal" {
		name, _, _ = strings.Cut(name, "/")
		folder += "/" + name
	}
	return layer, folder, ok
}

// violations returns what is wrong with the imports of the Go files of a module,
// for all platforms, tests left out.
func violations(fsys fs.FS) (wrong []string, err error) {
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		if d.IsDir() {
			if name != "." && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		pkg := path.Dir(name)
		layer, folder, ok := place(pkg)
		if !ok {
			wrong = append(wrong, fmt.Sprintf("%s: %s has no layer", name, pkg))
			return nil
		}
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			full, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			imported, ok := strings.CutPrefix(full, module+"/")
			if !ok {
				continue
			}
			at, in, ok := place(imported)
			switch {
			case !ok:
				wrong = append(wrong, fmt.Sprintf("%s: %s has no layer", name, imported))
			case at < layer, in == folder:
			case at == layer:
				wrong = append(wrong, fmt.Sprintf("%s imports %s, which is beside it", name, imported))
			default:
				wrong = append(wrong, fmt.Sprintf("%s imports %s, which is above it", name, imported))
			}
		}
		return nil
	})
	return wrong, err
}

func TestImportsPointOneWay(t *testing.T) {
	wrong, err := violations(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range wrong {
		t.Error(w)
	}
}

func TestViolations(t *testing.T) {
	for _, tt := range []struct{ file, imported, want string }{
		{"ops/a.go", "internal/kernel", ""},
		{"training/optim/a.go", "training", ""},
		{"cmd/mnist/a.go", "internal/blas", ""},
		{"cmd/mnist/a.go", "internal/mnistrun", ""},
		{"internal/mnistrun/a.go", "report", ""},
		{"internal/one/two/a.go", "internal/one", ""},
		{"ops/a_test.go", "training", ""},
		{"ops/testdata/a.go", "training", ""},
		{"ops/a_arm64.go", "models", "ops/a_arm64.go imports models, which is above it"},
		{"internal/kernel/a.go", "ops", "internal/kernel/a.go imports ops, which is above it"},
		{"training/a.go", "mnist", "training/a.go imports mnist, which is above it"},
		{"report/a.go", "datasets/wdbc", "report/a.go imports datasets/wdbc, which is beside it"},
		{"internal/one/a.go", "internal/two", "internal/one/a.go imports internal/two, which is beside it"},
		{"models/a.go", "cmd/mnist", "models/a.go imports cmd/mnist, which is above it"},
		{"util/a.go", "ops", "util/a.go: util has no layer"},
		{"ops/a.go", "util", "ops/a.go: util has no layer"},
	} {
		src := fmt.Sprintf("package p\n\nimport %q\n", module+"/"+tt.imported)
		wrong, err := violations(fstest.MapFS{tt.file: {Data: []byte(src)}})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(wrong, "; "); got != tt.want {
			t.Errorf("%s importing %s: want %q, got %q", tt.file, tt.imported, tt.want, got)
		}
	}
}
