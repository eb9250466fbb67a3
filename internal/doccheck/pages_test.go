package doccheck

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

const (
	modulePath  = "github.com/gorgonia-dropout/dropout"
	released    = "v0.1.0"
	keptElement = "1.24999523" // what the programs print of elements that are kept
)

// A user is somebody at a shell in an empty directory, with a module cache in which
// nothing is but what such users got, and proxies that serve this module as it is here,
// and others as far as they are on this machine.
type user struct {
	t          *testing.T
	dir, proxy string // the proxy is the user's own and is asked first
	env        []string
}

func newUser(t *testing.T) *user {
	t.Helper()
	if testing.Short() {
		t.Skip("builds programs in a new module cache, which takes long")
	}
	if _, err := exec.LookPath("sh"); err != nil || runtime.GOOS == "windows" {
		t.Skip("the pages' commands are for a Unix shell")
	}
	t.Parallel() // much of it waits for one linker
	proxy, home := t.TempDir(), t.TempDir()
	cached, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	u := &user{t: t, dir: filepath.Join(home, "program"), proxy: proxy}
	if err := os.Mkdir(u.dir, 0o777); err != nil {
		t.Fatal(err)
	}
	all := everyones(t)
	u.env = append(os.Environ(),
		"GOPROXY=file://"+proxy+",file://"+filepath.Join(all, "proxy")+",file://"+strings.TrimSpace(string(cached))+"/cache/download",
		"GOMODCACHE="+filepath.Join(all, "modules"), "GOBIN="+filepath.Join(home, "bin"),
		"GOSUMDB=off", "GOWORK=off", "GOTOOLCHAIN=local", "GOENV=off",
		// Without the paths of this cache, what is compiled is good for later runs.
		"GOFLAGS=-trimpath -modcacherw -ldflags=-s",
		"PATH="+filepath.Join(home, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	return u
}

// shared is what everyones has made; TestMain removes it.
var shared struct {
	sync.Once
	dir string
}

// everyones returns the folder that all users share: of the proxy that serves what publish
// does, and of their module cache, since to unpack the modules takes longer than the rest.
func everyones(t *testing.T) string {
	t.Helper()
	shared.Do(func() {
		dir, err := os.MkdirTemp("", "doccheck")
		if err != nil {
			t.Fatal(err)
		}
		publish(t, filepath.Join(dir, "proxy"))
		shared.dir = dir
	})
	if shared.dir == "" {
		t.Fatal("the module could not be published, which another test says")
	}
	return shared.dir
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.dir != "" {
		_ = os.RemoveAll(shared.dir) // nothing depends on it
	}
	os.Exit(code)
}

// publish makes a proxy serve this module, and a go-runewidth that is older than
// the one that we need.
func publish(t *testing.T, proxy string) {
	t.Helper()
	goMod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	serve(t, proxy, module.Version{Path: modulePath, Version: released}, root, string(goMod))
	old := t.TempDir()
	const runewidth = "github.com/mattn/go-runewidth"
	for name, text := range map[string]string{"go.mod": "module " + runewidth + "\n", "runewidth.go": "package runewidth\n\nfunc StringWidth(s string) int { return len(s) }\n"} {
		if err := os.WriteFile(filepath.Join(old, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	serve(t, proxy, module.Version{Path: runewidth, Version: "v0.0.13"}, old, "module "+runewidth+"\n")
}

// serve makes a proxy serve the module in a directory as a version.
func serve(t *testing.T, proxy string, v module.Version, dir, goMod string) {
	t.Helper()
	at := filepath.Join(proxy, filepath.FromSlash(v.Path), "@v")
	if err := os.MkdirAll(at, 0o777); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(at, v.Version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := zip.CreateFromDir(f, v, dir); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		v.Version + ".mod": goMod, v.Version + ".info": fmt.Sprintf(`{"Version":%q,"Time":"2026-01-01T00:00:00Z"}`, v.Version), "list": v.Version + "\n",
	} {
		if err := os.WriteFile(filepath.Join(at, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// types runs a command line and returns what it prints. Only commands that
// report something may fail.
func (u *user) types(line string) string {
	u.t.Helper()
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir, cmd.Env = u.dir, u.env
	out, err := cmd.CombinedOutput()
	if reports := strings.HasPrefix(line, "dropoutvet ./..."); (err != nil) != reports {
		u.t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return string(out)
}

func (u *user) saves(name, text string) {
	u.t.Helper()
	if err := os.WriteFile(filepath.Join(u.dir, name), []byte(text), 0o666); err != nil {
		u.t.Fatal(err)
	}
}

func (u *user) reads(name string) string {
	u.t.Helper()
	text, err := os.ReadFile(filepath.Join(u.dir, name))
	if err != nil {
		u.t.Fatal(err)
	}
	return string(text)
}

// commands returns the lines of a block that are commands.
func commands(b block) (lines []string) {
	for line := range strings.Lines(b.text) {
		if line = strings.TrimSpace(line); b.language == "indented" && (strings.HasPrefix(line, "go ") || strings.HasPrefix(line, "dropoutvet ")) {
			lines = append(lines, line)
		}
	}
	return lines
}

// Who follows the page, from top to bottom, has programs that run. Of the second,
// which trains networks, only the packages must be there: TestPrograms compiles
// it.
func TestPageGettingStarted(t *testing.T) {
	u := newUser(t)
	programs, ran := 0, 0
	for _, b := range documents(t)["docs/getting-started.md"].blocks {
		if b.language == "go" {
			programs++
			u.saves("main.go", b.text)
		}
		for _, line := range commands(b) {
			if line == "go run ." && programs == 2 {
				line = "go list -deps ."
			}
			out := u.types(line)
			if strings.HasPrefix(line, "go run") {
				ran++
				if !strings.Contains(out, "<nil> [") || !strings.Contains(out, keptElement) {
					t.Errorf("the program must print its output, got %s", out)
				}
			}
		}
	}
	if programs != 2 || ran != 1 {
		t.Errorf("there must be two programs, and one run, got %d and %d", programs, ran)
	}
}

// A program as there are many: it drops with Gorgonia, and also uses a module of
// which we need a newer version, with a dependency that the program lacks.
const older = `package main

import (
	"fmt"

	"github.com/mattn/go-runewidth"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

func main() {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.Ones(tensor.Float64, 8), gorgonia.WithName("x"))
	y := gorgonia.Must(gorgonia.Dropout(x, 0.2))
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	fmt.Println(machine.RunAll(), y.Value(), runewidth.StringWidth("done"))
}
`

func TestPageMigrating(t *testing.T) {
	u := newUser(t)
	u.saves("main.go", older)
	u.types("go mod init example.com/older")
	// The versions of other modules are those here, since the proxy has no others.
	for _, line := range strings.Split(ownRequirements(t, "gorgonia.org", "gonum.org/v1/gonum", "go4.org", "golang.org/x/sys", "golang.org/x/xerrors", "google.golang.org", "github.com/google"), "\n") {
		u.types("go mod edit -require=" + line)
	}
	u.types("go mod edit -require=github.com/mattn/go-runewidth@v0.0.13")
	u.types("go get .")
	vetted := false
	for _, b := range documents(t)["docs/migrating.md"].blocks {
		for _, line := range commands(b) {
			out := u.types(line)
			switch {
			case strings.HasPrefix(line, "dropoutvet ./..."):
				vetted = strings.Contains(out, "gorgonia.Dropout has a wrong gradient")
			case strings.HasPrefix(line, "dropoutvet -fix -diff") && !strings.Contains(out, "+	y := gorgonia.Must(ops.Dropout(x, 0.2))"):
				t.Errorf("%s: got\n%s", line, out)
			}
		}
	}
	if !vetted {
		t.Error("the page's commands must have reported the dropout")
	}
	if got := u.reads("main.go"); !strings.Contains(got, "ops.Dropout(x, 0.2)") || strings.Contains(got, "gorgonia.Dropout") {
		t.Errorf("the dropout must be replaced, got\n%s", got)
	}
	if out := u.types("go run ."); !strings.Contains(out, keptElement) {
		t.Errorf("the program must run, got %s", out)
	}
}

// ownRequirements returns what this module requires below the given paths, one
// path@version a line.
func ownRequirements(t *testing.T, below ...string) string {
	t.Helper()
	var lines []string
	for path, version := range requirements(t, filepath.Join(root, "go.mod")) {
		if slices.ContainsFunc(below, func(b string) bool { return path == b || strings.HasPrefix(path, b+"/") }) {
			lines = append(lines, path+"@"+version)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// requirements returns the versions that a go.mod requires.
func requirements(t *testing.T, goMod string) map[string]string {
	t.Helper()
	out, err := exec.Command("go", "mod", "edit", "-json", goMod).Output()
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Require []module.Version }
	if err := json.Unmarshal(out, &file); err != nil {
		t.Fatal(err)
	}
	versions := make(map[string]string)
	for _, r := range file.Require {
		versions[r.Path] = r.Version
	}
	return versions
}

// What go get of ops changes in the go.mod of a program with Gorgonia v0.9.18 is
// what docs/design.md says, and no more.
func TestGetRaisesLittle(t *testing.T) {
	u := newUser(t)
	// What it serves of old versions must not reach others.
	u.env = append(u.env, "GOMODCACHE="+filepath.Join(t.TempDir(), "modules"))
	u.saves("go.mod", `module example.com/older

go 1.21

require (
	github.com/apache/arrow/go/arrow v0.0.0-20211112161151-bc219186db40 // indirect
	github.com/golang/protobuf v1.5.2 // indirect
	github.com/google/flatbuffers v2.0.6+incompatible // indirect
	github.com/google/uuid v1.3.0 // indirect
	go4.org/unsafe/assume-no-moving-gc v0.0.0-20220617031537-928513b29760 // indirect
	golang.org/x/sys v0.0.0-20220330033206-e17cdc41300f // indirect
	golang.org/x/xerrors v0.0.0-20200804184101-5ec99f83aff1 // indirect
	gonum.org/v1/gonum v0.11.0 // indirect
	google.golang.org/protobuf v1.28.0 // indirect
	gorgonia.org/gorgonia v0.9.18
	gorgonia.org/tensor v0.9.24
)
`)
	file := filepath.Join(u.dir, "go.mod")
	before := requirements(t, file)
	// This machine may not have what nothing here uses. Of versions that are to be
	// raised only the names matter.
	for _, path := range []string{"go4.org/unsafe/assume-no-moving-gc", "golang.org/x/sys", "gonum.org/v1/gonum"} {
		serve(t, u.proxy, module.Version{Path: path, Version: before[path]}, t.TempDir(), "module "+path+"\n")
	}
	u.types("go get " + path.Join(modulePath, "ops") + "@latest")
	var raised []string
	for path, version := range requirements(t, file) {
		if old, had := before[path]; had && old != version {
			raised = append(raised, path)
		}
	}
	slices.Sort(raised)
	if want := []string{"go4.org/unsafe/assume-no-moving-gc", "golang.org/x/sys", "gonum.org/v1/gonum"}; !slices.Equal(raised, want) {
		t.Errorf("go get must raise %v, got %v", want, raised)
	}
}
