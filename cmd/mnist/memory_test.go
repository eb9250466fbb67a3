package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/room"
)

// A network that cannot fit is refused before anything is made of it, by every command
// that would make it. These have 2^31 weights in three layers.
func TestTooLarge(t *testing.T) {
	if free, ok := room.Memory(); !ok || free > 24<<31 {
		t.Skip("there is room, or the system does not say")
	}
	const hidden = "65536,32000"
	out := filepath.Join(t.TempDir(), "out")
	dir := trainedRun(t)
	config := filepath.Join(dir, "config.json")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte("\"hidden\": [\n\t\t16\n\t]"), []byte(`"hidden": [`+hidden+`]`), 1)
	if err := os.WriteFile(config, text, 0o666); err != nil {
		t.Fatal(err)
	}
	forgetSums(t, dir)
	digit := filepath.Join(dir, "digit.png")
	drawDigit(t, digit)
	for _, args := range []string{
		"--hidden " + hidden + " --out " + out, "--resume " + dir, "eval " + dir, "predict " + dir + " " + digit,
	} {
		if _, log, code := command(strings.Fields(args)...); code != 1 || !strings.Contains(log, "too large for this machine (--insist") {
			t.Errorf("%s: want exit 1 and the reason, got %d and\n%s", args, code, log)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a run that does not begin must leave nothing")
	}
	if out, log, code := command("explain", "--hidden", hidden); code != 0 || !strings.Contains(out, "65536") {
		t.Errorf("to list the layers takes no memory: exit %d\n%s", code, log)
	}
}
