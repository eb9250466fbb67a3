// Package apilist holds no code, only the test that the exported API is the one
// listed in the directory api, as the Go project lists its own. After an
// intended change, update the lists with
//
//	go test ./internal/apilist -update
//
// The change then shows in the diff of the commit.
package apilist

import (
	"flag"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

const module = "github.com/gorgonia-dropout/dropout"

var update = flag.Bool("update", false, "write the API to the directory api")

// api is the directory of the lists.
var api = filepath.Join("..", "..", "api")

func TestAPI(t *testing.T) {
	files := make(map[string]string)
	for _, pkg := range load(t) {
		name := strings.TrimPrefix(pkg.PkgPath, module+"/")
		files[strings.ReplaceAll(name, "/", "-")+".txt"] = strings.Join(list(pkg.Types), "\n") + "\n"
	}
	if *update {
		write(t, files)
	}
	entries, err := os.ReadDir(api)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, ok := files[e.Name()]; !ok {
			t.Errorf("%s is of no package: go test ./internal/apilist -update", e.Name())
		}
	}
	for name, now := range files {
		before, err := os.ReadFile(filepath.Join(api, name))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if lines := difference(string(before), now); len(lines) > 0 {
			t.Errorf("api/%s differs from the code; if that is meant: go test ./internal/apilist -update\n%s", name, strings.Join(lines, "\n"))
		}
	}
}

// load returns the public packages of the module.
func load(t *testing.T) []*packages.Package {
	t.Helper()
	config := &packages.Config{
		Mode: packages.NeedName,
		Dir:  filepath.Join("..", ".."),
		// The lists show the API of one platform, so that they are the same
		// everywhere.
		Env: append(os.Environ(), "GOOS=linux", "GOARCH=amd64"),
	}
	all, err := packages.Load(config, "./...")
	if err != nil {
		t.Fatal(err)
	}
	var public []string
	for _, pkg := range all {
		first, _, _ := strings.Cut(strings.TrimPrefix(pkg.PkgPath, module+"/"), "/")
		if !slices.Contains([]string{"internal", "cmd", "examples"}, first) {
			public = append(public, pkg.PkgPath)
		}
	}
	if len(public) < 10 {
		t.Fatalf("want the public packages of the module, got %q", public)
	}
	config.Mode |= packages.NeedTypes
	pkgs, err := packages.Load(config, public...)
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range pkgs {
		for _, err := range pkg.Errors {
			t.Fatal(err)
		}
	}
	return pkgs
}

func write(t *testing.T, files map[string]string) {
	t.Helper()
	if err := os.RemoveAll(api); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(api, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(api, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// list returns a line for each exported name, field and method of a package.
func list(pkg *types.Package) []string {
	short := func(other *types.Package) string {
		if other == pkg {
			return ""
		}
		return strings.TrimPrefix(other.Path(), module+"/")
	}
	var lines []string
	add := func(parts ...string) { lines = append(lines, strings.Join(parts, "")) }
	for _, name := range pkg.Scope().Names() {
		obj := pkg.Scope().Lookup(name)
		if !obj.Exported() {
			continue
		}
		what := types.ObjectString(obj, short)
		switch obj := obj.(type) {
		case *types.Const:
			add(what, " = ", obj.Val().ExactString())
		case *types.TypeName:
			named, ok := obj.Type().(*types.Named)
			if !ok || obj.IsAlias() {
				add(what)
				continue
			}
			switch u := named.Underlying().(type) {
			case *types.Struct:
				add("type ", name, " struct")
				for i := range u.NumFields() {
					if f := u.Field(i); f.Exported() {
						embedded := ""
						if f.Embedded() {
							embedded = "embedded "
						}
						add("type ", name, " struct, ", embedded, f.Name(), " ", types.TypeString(f.Type(), short))
					}
				}
			case *types.Interface:
				add("type ", name, " interface")
				for i := range u.NumMethods() {
					m := u.Method(i)
					if m.Exported() {
						add("type ", name, " interface, ", m.Name(), strings.TrimPrefix(types.TypeString(m.Type(), short), "func"))
					} else {
						add("type ", name, " interface, unexported methods")
					}
				}
			default:
				add(what)
			}
			for i := range named.NumMethods() {
				m := named.Method(i)
				if m.Exported() {
					recv := m.Signature().Recv().Type()
					add("method (", types.TypeString(recv, short), ") ", m.Name(), strings.TrimPrefix(types.TypeString(m.Type(), short), "func"))
				}
			}
		default:
			add(what)
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// difference returns the lines that only one of the texts has.
func difference(before, now string) []string {
	old, current := strings.Split(strings.TrimSpace(before), "\n"), strings.Split(strings.TrimSpace(now), "\n")
	var lines []string
	for _, l := range old {
		if l != "" && !slices.Contains(current, l) {
			lines = append(lines, "- "+l)
		}
	}
	for _, l := range current {
		if l != "" && !slices.Contains(old, l) {
			lines = append(lines, "+ "+l)
		}
	}
	return lines
}

func TestDifference(t *testing.T) {
	got := difference("func A()\nfunc B()\n", "func A()\nfunc B(int)\nfunc C()\n")
	if want := []string{"- func B()", "+ func B(int)", "+ func C()"}; !slices.Equal(got, want) {
		t.Errorf("want %q, got %q", want, got)
	}
	if got := difference("func A()\n", "func A()\n"); len(got) > 0 {
		t.Errorf("equal lists differ by %q", got)
	}
}
