package main

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
	show(&b, markdown, 41)
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
	if show(&b, markdown, 0); b.String() != markdown {
		t.Errorf("elsewhere it stays Markdown, got\n%s", b.String())
	}
}

// The list has a line for each experiment or, on a terminal, as many as it needs.
func TestList(t *testing.T) {
	var plain, narrow strings.Builder
	if err := list(&plain, 0); err != nil {
		t.Fatal(err)
	}
	if err := list(&narrow, 80); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(plain.String(), "\n"); n != len(studies)+1 {
		t.Errorf("%d lines, want %d", n, len(studies)+1)
	}
	for _, name := range append(names(studies), uciName) {
		if !strings.Contains(narrow.String(), name) {
			t.Errorf("%s is missing", name)
		}
	}
	for _, line := range strings.Split(narrow.String(), "\n") {
		if runewidth.StringWidth(line) >= 80 {
			t.Errorf("line of %d columns: %q", runewidth.StringWidth(line), line)
		}
	}
}

func names(of []study) (all []string) {
	for _, s := range of {
		all = append(all, s.name)
	}
	return all
}
