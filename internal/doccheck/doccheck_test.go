package doccheck

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Links within the module lead to files and headings that exist. Links to other
// places are not followed.
func TestLinks(t *testing.T) {
	docs := documents(t)
	for _, d := range docs {
		for _, link := range d.links {
			from := path.Dir(d.name)
			within, absolute := strings.CutPrefix(link, repository)
			if absolute {
				from = "."
			} else if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
				continue
			}
			file, fragment, hasFragment := strings.Cut(within, "#")
			target := d.name
			if file != "" {
				target = path.Join(from, file)
				if !exists(target) {
					t.Errorf("%s: link to %s: there is no %s", d.name, link, target)
					continue
				}
			}
			if hasFragment && !docs[target].anchors[fragment] {
				t.Errorf("%s: link to %s: %s has no heading of this name", d.name, link, target)
			}
		}
	}
}

// The index leads to every document.
func TestIndex(t *testing.T) {
	docs := documents(t)
	for name := range docs {
		if dir, base := path.Split(name); dir == "docs/" && base != "README.md" && !contains(docs["docs/README.md"].links, base) {
			t.Errorf("docs/README.md: no link to %s", base)
		}
	}
}

func contains(links []string, file string) bool {
	for _, link := range links {
		if link, _, _ = strings.Cut(link, "#"); link == file {
			return true
		}
	}
	return false
}

func exists(name string) bool {
	_, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
	return err == nil
}

var (
	pathPattern    = regexp.MustCompile(`^[\w.-]+(/[\w.-]+)+/?$`)
	commandPattern = regexp.MustCompile(`(?:^|\s)\./((?:cmd|docs|examples|internal|mnist|models|nn|ops|report|training|datasets)[\w/-]*)`)
)

// Files named in running text and in commands exist.
func TestFiles(t *testing.T) {
	for _, d := range documents(t) {
		texts := d.spans
		for _, b := range d.blocks {
			if b.language != "go" {
				texts = append(texts, b.text)
			}
		}
		for _, text := range texts {
			for _, m := range commandPattern.FindAllStringSubmatch(text, -1) {
				if !exists(strings.TrimSuffix(m[1], "/")) {
					t.Errorf("%s: there is no %s", d.name, m[1])
				}
			}
		}
		for _, span := range d.spans {
			if first, _, _ := strings.Cut(span, "/"); pathPattern.MatchString(span) && exists(first) && !exists(span) {
				t.Errorf("%s: there is no %s", d.name, span)
			}
		}
	}
}

var (
	testPattern = regexp.MustCompile(`^(?:Test|Benchmark|Example|Fuzz)[A-Z]?\w*…?$`)
	namePattern = regexp.MustCompile(`\b([a-z]\w*)\.([A-Z]\w*)`)
)

// Tests and exported names that pages mention exist.
func TestNames(t *testing.T) {
	tests := make(map[string]bool)
	exported := make(map[string]map[string]bool) // by package
	eachFile(t, ".go", func(name, text string) {
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil {
			t.Error(err)
			return
		}
		isTest := strings.HasSuffix(name, "_test.go")
		names := exported[file.Name.Name]
		if names == nil && !isTest {
			names = make(map[string]bool)
			exported[file.Name.Name] = names
		}
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if isTest {
					tests[d.Name.Name] = true
				} else if d.Recv == nil {
					names[d.Name.Name] = true
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch s := spec.(type) {
					case *ast.TypeSpec:
						if !isTest {
							names[s.Name.Name] = true
						}
					case *ast.ValueSpec:
						for _, id := range s.Names {
							if !isTest {
								names[id.Name] = true
							}
						}
					}
				}
			}
		}
	})
	for _, d := range documents(t) {
		texts := d.spans
		for _, b := range d.blocks {
			if b.language == "go" {
				texts = append(texts, b.text)
			}
		}
		for _, text := range texts {
			for _, m := range namePattern.FindAllStringSubmatch(text, -1) {
				if names := exported[m[1]]; names != nil && m[1] != "main" && !names[m[2]] {
					t.Errorf("%s: there is no %s", d.name, m[0])
				}
			}
		}
		for _, span := range d.spans {
			if testPattern.MatchString(span) && !matches(tests, span) {
				t.Errorf("%s: there is no %s", d.name, span)
			}
		}
	}
}

// matches reports whether a test has the name, or begins with it if the name ends in
// an ellipsis.
func matches(tests map[string]bool, name string) bool {
	prefix, isPrefix := strings.CutSuffix(name, "…")
	if !isPrefix {
		return tests[name]
	}
	for test := range tests {
		if strings.HasPrefix(test, prefix) {
			return true
		}
	}
	return false
}

// Whole programs compile, and fragments are at least Go.
func TestPrograms(t *testing.T) {
	var p programs
	for _, d := range documents(t) {
		for _, b := range d.blocks {
			if b.language != "go" {
				continue
			}
			if b.isProgram() {
				p.add(t, d, b)
			} else if err := parseFragment(b.text); err != nil {
				t.Errorf("%s:%d: %v", d.name, b.line, err)
			}
		}
	}
	if len(p.names) == 0 {
		return
	}
	// -export compiles but does not link.
	args := append([]string{"list", "-export", "-overlay", p.overlay(t)}, p.names...)
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Errorf("go list -export: %v\n%s", err, out)
	}
}

// parseFragment parses imports followed by declarations or statements. A line of
// three dots stands for an omission.
func parseFragment(text string) error {
	var imports, rest string
	inGroup := false
	for line := range strings.Lines(text) {
		switch trimmed := strings.TrimSpace(line); {
		case strings.HasPrefix(line, "import ") || inGroup:
			inGroup = trimmed != ")" && (inGroup || strings.HasSuffix(trimmed, "("))
			imports += line
		case trimmed != "...":
			rest += line
		}
	}
	_, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+imports+rest, 0)
	if err != nil {
		_, err = parser.ParseFile(token.NewFileSet(), "", "package p\n"+imports+"func _() {\n"+rest+"\n}", 0)
	}
	return err
}
