// Package completion completes command lines of a kong grammar in bash, zsh and
// fish: commands, flags, and the values of enumerations. The shell itself
// completes files and directories.
//
// A program calls [Answer] before it parses, and has [Command] among its
// commands. Its user runs:
//
//	eval "$(mnist completion bash)"
package completion

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/pkg/errors"
)

// asked is the first argument with which the shell's code calls the program.
// The second is the shell. The words up to the cursor follow, of which the
// last, which may be empty, is to be completed.
const asked = "__complete"

// Command is the command that prints a shell's code.
type Command struct {
	Shell string `arg:"" enum:"bash,zsh,fish," default:"" help:"${enum}; that of $$SHELL by default."`
}

// Help is called by kong.
func (*Command) Help() string {
	return "Add the matching line to the shell's start-up file:\n\n" +
		"    bash: eval \"$(${name} completion bash)\"\n    zsh: source <(${name} completion zsh), after compinit\n    fish: ${name} completion fish | source"
}

// Run is called by kong.
func (c *Command) Run(k *kong.Kong) error {
	shell := c.Shell
	if shell == "" {
		shell = filepath.Base(os.Getenv("SHELL"))
	}
	code, ok := scripts[shell]
	if !ok {
		return errors.Errorf("completion must be for bash, zsh or fish, got %.80q as $SHELL", shell)
	}
	_, err := io.WriteString(k.Stdout, strings.NewReplacer("NAME", k.Model.Name, "ASKED", asked).Replace(code))
	return err
}

// Answer writes the completions that the shell's code asks for. It reports
// whether args were such a request; if so the program has nothing more to do.
func Answer(k *kong.Kong, args []string, out io.Writer) bool {
	if len(args) < 3 || args[0] != asked {
		return false
	}
	shell, words := args[1], args[2:]
	prefix := ""
	if shell == "bash" {
		words = joined(words)
	}
	last := len(words) - 1
	if flag, value, ok := strings.Cut(words[last], "="); ok && strings.HasPrefix(flag, "-") {
		// Bash treats the part after = as a separate word.
		if shell != "bash" {
			prefix = flag + "="
		}
		words = append(words[:last:last], flag, value)
	}
	got := complete(k.Model, words)
	if got.what != "" {
		fmt.Fprintln(out, got.what)
	}
	for _, c := range got.candidates {
		if shell == "bash" || c.help == "" {
			fmt.Fprintln(out, prefix+c.word)
		} else {
			fmt.Fprintf(out, "%s%s\t%s\n", prefix, c.word, c.help)
		}
	}
	return true
}

// joined rejoins words that bash has split at =.
func joined(words []string) []string {
	var all []string
	for i, w := range words {
		n := len(all)
		switch {
		case n > 0 && w == "=" && strings.HasPrefix(all[n-1], "--"):
			all[n-1] += w
		case n > 0 && i > 0 && words[i-1] == "=" && strings.HasPrefix(all[n-1], "--") && strings.HasSuffix(all[n-1], "="):
			all[n-1] += w
		default:
			all = append(all, w)
		}
	}
	return all
}
