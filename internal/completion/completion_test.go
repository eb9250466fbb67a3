package completion_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/gorgonia-dropout/dropout/internal/completion"
)

type trainCmd struct {
	Schedule string  `enum:"constant,cosine,step" default:"cosine" help:"How the learning rate falls: ${enum}."`
	Seeds    int     `help:"Seeds."`
	Seed     int     `help:"Seed."`
	P        float64 `short:"p" help:"Rate."`
	Nesterov bool    `short:"n" help:"Nesterov."`
	Data     string  `type:"existingdir" help:"Data."`
	Secret   string  `hidden:""`
}

type grammar struct {
	Train trainCmd `cmd:"" default:"withargs" help:"Train."`
	Eval  struct {
		Dir   string `arg:"" type:"existingdir"`
		Image string `arg:"" type:"existingfile"`
		Bins  int    `help:"Bins."`
	} `cmd:"" help:"Test: all."`
	Completion completion.Command `cmd:"" help:"Complete."`
	JSON       bool               `name:"json" help:"As JSON."`
}

// run is what a program does with its arguments.
func run(args []string, out *os.File) int {
	var g grammar
	k, err := kong.New(&g, kong.Name("prog"), kong.Writers(out, os.Stderr))
	if err != nil {
		return 1
	}
	if completion.Answer(k, args, out) {
		return 0
	}
	ctx, err := k.Parse(args)
	if err != nil {
		return 2
	}
	if err := ctx.Run(); err != nil {
		os.Stderr.WriteString(err.Error())
		return 1
	}
	return 0
}

// TestMain is the program where a test has called it so.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "prog" {
		os.Exit(run(os.Args[1:], os.Stdout))
	}
	os.Exit(m.Run())
}

// program returns a directory with the program.
func program(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, "prog")); err != nil {
		t.Skip(err)
	}
	return dir
}

var cases = []struct {
	words []string // the last is completed
	want  []string // of zsh and fish, without help; "": the same without what is before =
}{
	{[]string{"--sch"}, []string{"--schedule"}},
	{[]string{"train", "--sch"}, []string{"--schedule"}},
	{[]string{"--seed"}, []string{"--seeds", "--seed"}},
	{[]string{"--schedule", ""}, []string{"constant", "cosine", "step"}},
	{[]string{"--schedule", "co"}, []string{"constant", "cosine"}},
	{[]string{"train", "--schedule", "s"}, []string{"step"}},
	{[]string{"--schedule", "step", "--ne"}, []string{"--nesterov"}},
	{[]string{"--nesterov", "--ne"}, []string{"--nesterov"}},
	{[]string{""}, []string{"train", "eval", "completion"}},
	{[]string{"--json", "e"}, []string{"eval"}},
	{[]string{"--seeds", "3", "ev"}, []string{"eval"}},
	{[]string{"-p", "ev"}, nil},
	{[]string{"-p0.3", "ev"}, []string{"eval"}},
	{[]string{"-n", "ev"}, []string{"eval"}},
	{[]string{"--seeds", ""}, nil},
	{[]string{"--sec"}, nil},
	{[]string{"eval", "--"}, []string{"--bins", "--help", "--json"}},
	{[]string{"eval", "--sch"}, nil},
	{[]string{"completion", ""}, []string{"bash", "zsh", "fish"}},
	{[]string{"--", "ev"}, nil},
	{[]string{"--", "--sch"}, nil},
}

// What zsh and fish are told.
func TestAnswer(t *testing.T) {
	all := slices.Clone(cases)
	all = append(all, []struct{ words, want []string }{
		{[]string{"--schedule="}, []string{"--schedule=constant", "--schedule=cosine", "--schedule=step"}},
		{[]string{"--schedule=st"}, []string{"--schedule=step"}},
		{[]string{"--data", ""}, []string{":directories"}},
		{[]string{"eval", ""}, []string{":directories"}},
		{[]string{"eval", "x", ""}, []string{":files"}},
		{[]string{"eval", "x", "y", ""}, nil},
	}...)
	dir := program(t)
	for _, tt := range all {
		for _, shell := range []string{"zsh", "fish"} {
			out, err := exec.Command(filepath.Join(dir, "prog"), append([]string{"__complete", shell}, tt.words...)...).Output()
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for line := range strings.Lines(string(out)) {
				word, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
				got = append(got, word)
			}
			if !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(tt.want))) {
				t.Errorf("%s: %q: got %q, want %q", shell, tt.words, got, tt.want)
			}
		}
	}
	out, err := exec.Command(filepath.Join(dir, "prog"), "__complete", "zsh", "ev").Output()
	if err != nil || string(out) != "eval\tTest: all.\n" {
		t.Errorf("got %q, %v", out, err)
	}
}

// Bash, with the completion loaded, offers what is wanted after a Tab.
func TestBash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed")
	}
	dir := program(t)
	tab := func(words []string) []string {
		t.Helper()
		// What readline does at a Tab: it sets the words, and calls the function
		// that "complete -p" names.
		script := `eval "$(prog completion bash)"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
$(complete -p prog | sed 's/.*-F \([^ ]*\) .*/\1/')
printf '%s\n' "${COMPREPLY[@]}"`
		cmd := exec.Command(bash, append([]string{"-c", script, "bash", "prog"}, words...)...)
		cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%q: %v", words, err)
		}
		return strings.Fields(string(out))
	}
	all := slices.Clone(cases)
	all = append(all, []struct{ words, want []string }{
		{[]string{"--schedule", "="}, []string{"constant", "cosine", "step"}},
		{[]string{"--schedule", "=", "st"}, []string{"step"}},
		{[]string{"--schedule", "=", "step", "--ne"}, []string{"--nesterov"}},
	}...)
	for _, tt := range all {
		if got := tab(tt.words); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(tt.want))) {
			t.Errorf("%q: got %q, want %q", tt.words, got, tt.want)
		}
	}
}

// The code of zsh is code of zsh, and its function passes on what it is told.
func TestZsh(t *testing.T) {
	zsh, err := exec.LookPath("zsh")
	if err != nil {
		t.Skip("zsh is not installed")
	}
	dir := program(t)
	script := `compdef() { : }
_describe() { print -rl -- "${(@P)2}" }
_files() { print "files $@" }
eval "$(prog completion zsh)"
words=(prog "$@"); CURRENT=$#words
_prog_complete`
	for _, tt := range []struct {
		words []string
		want  string
	}{
		{[]string{"--sch"}, "--schedule:How the learning rate falls: constant,cosine,step.\n"},
		{[]string{"--schedule", ""}, "constant\ncosine\nstep\n"},
		{[]string{"--schedule=st"}, "--schedule=step\n"},
		{[]string{"ev"}, "eval:Test: all.\n"},
		{[]string{"eval", ""}, "files -/\n"},
		{[]string{"nothing"}, ""},
	} {
		cmd := exec.Command(zsh, append([]string{"-f", "-c", script, "zsh"}, tt.words...)...)
		cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		if string(out) != tt.want {
			t.Errorf("%q: got %q, %v, want %q", tt.words, out, err, tt.want)
		}
	}
}

func TestCommand(t *testing.T) {
	dir := program(t)
	for shell, want := range map[string]string{"bash": "complete -F _prog_complete prog", "zsh": "compdef _prog_complete prog", "fish": "complete -c prog -f"} {
		out, err := exec.Command(filepath.Join(dir, "prog"), "completion", shell).Output()
		if err != nil || !strings.Contains(string(out), want) || strings.Contains(string(out), "NAME") || strings.Contains(string(out), "ASKED") {
			t.Errorf("%s: %v\n%s", shell, err, out)
		}
	}
	cmd := exec.Command(filepath.Join(dir, "prog"), "completion")
	cmd.Env = append(os.Environ(), "SHELL=/bin/tcsh")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), `must be for bash, zsh or fish, got "tcsh"`) {
		t.Errorf("%v\n%s", err, out)
	}
}
