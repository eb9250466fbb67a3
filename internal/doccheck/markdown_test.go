// Package doccheck has no code, only tests that the Markdown files of this module are
// true: links lead somewhere, programs compile, and the files, tests and names that
// they mention exist.
package doccheck

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

const root = "../.."

// repository is where GitHub shows the files of this module. GitHub's templates need
// such links, since relative ones would start from the page of an issue.
const repository = "https://github.com/gorgonia-dropout/dropout/blob/HEAD/"

// A document is a Markdown file, read as far as the tests need.
type document struct {
	name    string // relative to the root of the module
	anchors map[string]bool
	links   []string // targets of links and images
	spans   []string // `code` in running text
	blocks  []block
}

// A block is a fenced or indented block of code.
type block struct {
	language, text string
	line           int // of its first line
}

var (
	linkPattern = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	spanPattern = regexp.MustCompile("`([^`]+)`")
)

func parse(name, text string) document {
	d := document{name: name, anchors: make(map[string]bool)}
	var running []string
	var open *block
	for i, line := range strings.Split(text, "\n") {
		fence, isFence := strings.CutPrefix(line, "```")
		indented, isIndented := strings.CutPrefix(line, "    ")
		switch {
		case open != nil && isFence && open.language != "indented":
			d.blocks = append(d.blocks, *open)
			open = nil
		case open != nil && open.language != "indented":
			open.text += line + "\n"
		case open != nil && isIndented:
			open.text += indented + "\n"
		case isFence:
			open = &block{language: fence, line: i + 2}
		case isIndented && len(running) > 0 && running[len(running)-1] == "":
			open = &block{language: "indented", text: indented + "\n", line: i + 1}
		default:
			if open != nil {
				d.blocks = append(d.blocks, *open)
				open = nil
			}
			if heading := strings.TrimLeft(line, "#"); heading != line && strings.HasPrefix(heading, " ") {
				d.anchors[anchor(heading)] = true
			}
			running = append(running, line)
		}
	}
	if open != nil {
		d.blocks = append(d.blocks, *open)
	}
	prose := strings.Join(running, "\n")
	for _, m := range spanPattern.FindAllStringSubmatch(prose, -1) {
		d.spans = append(d.spans, m[1])
	}
	for _, m := range linkPattern.FindAllStringSubmatch(spanPattern.ReplaceAllString(prose, "code"), -1) {
		d.links = append(d.links, m[1])
	}
	return d
}

// anchor returns the fragment that GitHub gives to a heading.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, strings.TrimSpace(heading))
}

// documents returns all Markdown files of the module by name.
func documents(t *testing.T) map[string]document {
	t.Helper()
	docs := make(map[string]document)
	eachFile(t, ".md", func(name, text string) { docs[name] = parse(name, text) })
	if len(docs) == 0 {
		t.Fatal("no Markdown files found")
	}
	return docs
}

// eachFile calls f with each file of the module that has the extension.
func eachFile(t *testing.T, ext string, f func(name, text string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := filepath.Base(file)
		hidden := strings.HasPrefix(base, ".") && base != ".ci" && base != ".github"
		if d.IsDir() && file != root && (hidden || base == "testdata" || base == "runs") {
			return fs.SkipDir
		}
		if d.IsDir() || path.Ext(base) != ext {
			return nil
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, file)
		f(filepath.ToSlash(name), string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestParse(t *testing.T) {
	d := parse("a.md", "# What is `p`? A_b-c\n\n[one](b.md#x) `[two](c.md)` ![three](d.png)\n\n    go run ./x\n\ntext\n```go\nf()\n```\n")
	if !d.anchors["what-is-p-a_b-c"] || len(d.anchors) != 1 {
		t.Errorf("anchors %v", d.anchors)
	}
	if got := strings.Join(d.links, " "); got != "b.md#x d.png" {
		t.Errorf("links %q", got)
	}
	if got := strings.Join(d.spans, " "); got != "p [two](c.md)" {
		t.Errorf("spans %q", got)
	}
	if len(d.blocks) != 2 || d.blocks[0] != (block{"indented", "go run ./x\n", 5}) || d.blocks[1] != (block{"go", "f()\n", 9}) {
		t.Errorf("blocks %+v", d.blocks)
	}
}
