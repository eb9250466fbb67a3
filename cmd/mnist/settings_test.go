package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/gorgonia-dropout/dropout/internal/configfile"
	declared "github.com/gorgonia-dropout/dropout/internal/settings"
	"github.com/gorgonia-dropout/dropout/training/checkpoint"
)

// The command in a report gives its settings again.
func TestCommandGivesTheSettings(t *testing.T) {
	for _, args := range []string{
		"",
		"--hidden= --data " + t.TempDir(),
		"--r-drop 0.5",
		"--train 200 --validation 300 --hidden 16,8 -p 0.3 --input-p 0 --epochs 2 --plain-epochs 3 --seeds 2 --seed 7 " +
			"--nesterov --submatrix --batch-norm --drop-last --warmup 5 --clip-norm 1.5 --max-norm 3 --weight-decay 1e-7 --schedule step --early-stopping 4 --curve 10 --label-smoothing 0.1",
	} {
		first, err := parse(t, strings.Fields(args)...)
		if err != nil {
			t.Fatal(err)
		}
		command, err := repeats(&first.settings)
		if err != nil {
			t.Fatal(err)
		}
		again, ok := strings.CutPrefix(command, "go run ./cmd/mnist ")
		if !ok {
			t.Fatalf("command is %q", command)
		}
		second, err := parse(t, strings.Fields(again)...)
		if err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		a, _ := json.Marshal(first.settings)
		b, _ := json.Marshal(second.settings)
		if string(a) != string(b) {
			t.Errorf("%s: settings are %s, want %s", command, b, a)
		}
	}
}

// A shell reads the command of a report as it is meant, whatever the directory of the data is
// called.
func TestCommandIsQuoted(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh")
	}
	for _, name := range []string{"two words", "it's; echo $HOME `pwd`", `"double" \ & *`} {
		dir := filepath.Join(t.TempDir(), name)
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Skip(err) // such names are not allowed here
		}
		c, err := parse(t, "--data", dir)
		if err != nil {
			t.Fatal(err)
		}
		command, err := repeats(&c.settings)
		if err != nil {
			t.Fatal(err)
		}
		read, err := exec.CommandContext(t.Context(), sh, "-c", "printf '%s\\n' "+command).Output()
		if err != nil || !strings.Contains(string(read), "\n"+dir+"\n") && !strings.Contains(string(read), "\n--data="+dir+"\n") {
			t.Errorf("%s: a shell reads %q, %v", command, read, err)
		}
	}
}

// A row has one value for both arms, or that of each.
func TestRows(t *testing.T) {
	c, err := parse(t, "--hidden", "16,8", "--lr", "0.05", "--r-drop", "0.5")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := c.rows()
	if err != nil {
		t.Fatal(err)
	}
	values := make(map[string]string)
	for _, r := range rows {
		values[r.Name] = strings.Join(r.Values, " | ")
	}
	for name, want := range map[string]string{
		"training images": "5000", "hidden units": "16,8", "p of the hidden units": "0 | 0.1", "p of the inputs": "0 | 0.3",
		"learning rate": "0.2 | 0.05", "R-Drop": "0 | 0.5", "epochs": "40", "Nesterov's momentum": "no", "early stopping, epochs": "0", "images for the curves": "2000", "validation images": "0", "first seed": "1",
	} {
		if values[name] != want {
			t.Errorf("%s: want %q, got %q in %v", name, want, values[name], rows)
		}
	}
	for _, not := range []string{"plain lr", "plain epochs", "-"} {
		if _, ok := values[not]; ok {
			t.Errorf("%s is a value of another row and must have none", not)
		}
	}
}

// A field that is added to the settings, without more, is a flag, a key of files, a row
// of the report and a part of the command.
func TestSettingsAreDeclaredOnce(t *testing.T) {
	type extended struct {
		settings
		AddedLater float64 `default:"0.25" help:"Something new." json:"added_later"`
	}
	var c extended
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"--added-later", "0.75"}); err != nil || c.AddedLater != 0.75 {
		t.Fatalf("flag: got %v, %v", c.AddedLater, err)
	}

	dir := t.TempDir()
	if err := checkpoint.SaveConfig(dir, c); err != nil {
		t.Fatal(err)
	}
	n, err := configfile.Read(filepath.Join(dir, checkpoint.ConfigFile))
	if err != nil {
		t.Fatal(err)
	}
	var read extended
	if err := n.DecodeAll(&read); err != nil || read.AddedLater != 0.75 || read.Train != c.Train {
		t.Errorf("file: got %v, %v", read.AddedLater, err)
	}
	var known struct {
		Train extended `cmd:""`
	}
	grammar, err := kong.New(&known)
	if err != nil {
		t.Fatal(err)
	}
	if values, err := flagValues(grammar.Model.Node, n); err != nil || values["added_later"] != "0.75" {
		t.Errorf("file as flags: got %v, %v", values, err)
	}

	rows, err := declared.List(&c)
	if err != nil || !slices.ContainsFunc(rows, func(r declared.Row) bool { return r.Name == "added later" && slices.Equal(r.Values, []string{"0.75"}) }) {
		t.Errorf("report: got %v, %v", rows, err)
	}
	if command, err := repeats(&c); err != nil || !strings.HasSuffix(command, " --added-later 0.75") {
		t.Errorf("command: got %s, %v", command, err)
	}
}

// Flags and keys of files have the same names, so that the file of a run can be given
// as flags, and flags can be compared with it.
func TestKeysAreFlags(t *testing.T) {
	c, err := parse(t)
	if err != nil {
		t.Fatal(err)
	}
	fields, err := declared.Fields(&c.settings)
	if err != nil || len(fields) < 25 {
		t.Fatalf("want all settings, got %d, %v", len(fields), err)
	}
	for _, f := range fields {
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if key != keyOf(f) {
			t.Errorf("--%s: want the key %q, got %q", f.Name, keyOf(f), key)
		}
	}
}
