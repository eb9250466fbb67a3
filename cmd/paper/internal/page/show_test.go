package page

import (
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
)

const markdown = `# fig1: A title

**A quick run**: it shows that the experiment works, in a paragraph that is longer than the terminal.

![words](fig1.png)

| arm | paper, % | test error, % | rate |
| --- | --- | --- | --- |
| plain network | – | 1.25 ± 0.03 | 0.5 |
| dropout | 1.05 | 1.06 ± 0.02 | 1.5 |

    go run ./cmd/paper fig1
`

// On a terminal tables are drawn, and no line but a command is longer than it.
func TestShowOnTerminal(t *testing.T) {
	var b strings.Builder
	Show(&b, markdown, 41)
	want := `fig1: A title
─────────────

A quick run: it shows that the
experiment works, in a paragraph that is
longer than the terminal.


arm            paper, %  test error, %
──────────────────────────────────────
plain network         –    1.25 ± 0.03
dropout            1.05    1.06 ± 0.02

arm            rate
───────────────────
plain network   0.5
dropout         1.5

    go run ./cmd/paper fig1
`
	got := b.String()
	if strings.TrimSpace(got) != strings.TrimSpace(want) {
		t.Errorf("got\n%s", got)
	}
	for _, line := range strings.Split(got, "\n") {
		if runewidth.StringWidth(line) > 40 && !strings.HasPrefix(line, "    ") {
			t.Errorf("line of %d columns: %q", runewidth.StringWidth(line), line)
		}
	}
	b.Reset()
	if Show(&b, markdown, 0); b.String() != markdown {
		t.Errorf("elsewhere it stays Markdown, got\n%s", b.String())
	}
}
