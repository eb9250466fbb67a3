package shell_test

import (
	"os/exec"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/shell"
)

// A word comes through a shell as it is.
func TestQuote(t *testing.T) {
	if got := shell.Quote("runs/a-1.b"); got != "runs/a-1.b" {
		t.Errorf("got %s", got)
	}
	if got := shell.Quote("it's", "--grid", "p=0,0.1", ""); got != `'it'\''s' --grid p=0,0.1 ''` {
		t.Errorf("got %s", got)
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	for _, word := range []string{"", "runs/a", "my data", "it's", "$HOME", "a;b", "-x", "\"`\\n", "tab\tline\n.", "~", "*", "äö"} {
		out, err := exec.Command(bash, "-c", "printf %s "+shell.Quote(word)).CombinedOutput()
		if err != nil || string(out) != word {
			t.Errorf("%q comes through as %q, %v", word, out, err)
		}
	}
}
