package chromium

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// AxeVariable is the environment variable with the path of axe.min.js, the
// accessibility checks of the npm package axe-core.
const AxeVariable = "AXE_CORE"

// axePath returns where axe.min.js is, "" for nowhere.
func axePath() string {
	path := os.Getenv(AxeVariable)
	if path == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return ""
		}
		path = filepath.Join(cache, "gorgonia-dropout", "node_modules", "axe-core", "axe.min.js")
	}
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// NeedAxe skips a test where there is no axe-core.
func NeedAxe(t *testing.T) {
	t.Helper()
	if axePath() == "" {
		t.Skipf("axe-core is absent (npm install axe-core, and its axe.min.js in %s): accessibility is not checked", AxeVariable)
	}
}

// Axe returns what axe-core finds in the page that is serious or critical, by
// its rule and the first elements that break it. Call NeedAxe before.
func (b *Tab) Axe() []string {
	b.t.Helper()
	source, err := os.ReadFile(axePath())
	if err != nil {
		b.t.Fatal(err)
	}
	var r struct{ ExceptionDetails json.RawMessage }
	b.Call("Runtime.evaluate", map[string]any{"expression": string(source)}, &r)
	if r.ExceptionDetails != nil {
		b.t.Fatalf("axe-core: %s", r.ExceptionDetails)
	}
	var found struct {
		Passes     int
		Violations []string
	}
	// Of rules that pass, only how many there are matters: without resultTypes, axe-core
	// describes each element of each of them, in a quarter of the time.
	b.Eval(`axe.run({iframes: false, resultTypes: ["violations"]}).then(r => ({
		passes: r.passes.length,
		violations: r.violations.filter(v => v.impact === "serious" || v.impact === "critical")
			.map(v => v.id + ": " + v.nodes.slice(0, 3).map(n => n.html).join(" ")),
	}))`, &found)
	if found.Passes < 10 {
		b.t.Errorf("axe-core must check the page, got %d rules", found.Passes)
	}
	return found.Violations
}
