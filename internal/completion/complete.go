package completion

import (
	"strings"

	"github.com/alecthomas/kong"
)

// What the shell completes itself.
const (
	files       = ":files"
	directories = ":directories"
)

// candidate is one completion.
type candidate struct{ word, help string }

// answer is what may stand at the cursor.
type answer struct {
	what       string // files, directories or ""
	candidates []candidate
}

// line is a command line up to the cursor.
type line struct {
	node   *kong.Node
	flag   *kong.Flag // whose value comes next; nil: none
	places int        // positional arguments so far
	ended  bool       // by --
}

// complete returns the completions of the last word.
func complete(app *kong.Application, words []string) answer {
	l := &line{node: app.Node}
	last := len(words) - 1
	for _, w := range words[:last] {
		l.take(w)
	}
	return l.answer(words[last])
}

// take advances by one word.
func (l *line) take(word string) {
	switch {
	case l.flag != nil:
		l.flag = nil
	case l.ended:
		l.places++
	case word == "--":
		l.ended = true
	case strings.HasPrefix(word, "-") && word != "-":
		name, _, value := strings.Cut(word, "=")
		// What follows a short flag is its value.
		if f := l.find(name); f != nil && !value && !f.IsBool() && !f.IsCounter() {
			l.flag = f
		}
	default:
		for _, c := range l.node.Children {
			if c.Name == word && l.places == 0 {
				l.node = c
				return
			}
		}
		l.places++
	}
}

// flags returns the flags that are valid here: those of the command, of those
// above it, and of the default command if none is named.
func (l *line) flags() []*kong.Flag {
	var all []*kong.Flag
	for _, n := range []*kong.Node{l.node.DefaultCmd, l.node} {
		for ; n != nil; n = n.Parent {
			all = append(all, n.Flags...)
			if n == l.node.DefaultCmd {
				break
			}
		}
	}
	return all
}

func (l *line) find(name string) *kong.Flag {
	for _, f := range l.flags() {
		if name == "--"+f.Name || f.Short != 0 && name == "-"+string(f.Short) {
			return f
		}
	}
	return nil
}

func (l *line) answer(word string) answer {
	if l.flag != nil {
		return values(l.flag.Value, word)
	}
	var a answer
	if strings.HasPrefix(word, "-") && !l.ended {
		for _, f := range l.flags() {
			if !f.Hidden {
				a.add("--"+f.Name, f.Help, word)
			}
		}
		return a
	}
	if l.places < len(l.node.Positional) {
		a = values(l.node.Positional[l.places], word)
	}
	if l.places == 0 && !l.ended {
		for _, c := range l.node.Children {
			if !c.Hidden {
				a.add(c.Name, c.Help, word)
			}
		}
	}
	return a
}

// values returns the possible values of a flag or argument.
func values(v *kong.Value, word string) answer {
	var a answer
	if v.Enum != "" {
		for _, e := range v.EnumSlice() {
			if e != "" {
				a.add(e, "", word)
			}
		}
		return a
	}
	switch v.Tag.Type {
	case "path", "existingfile":
		a.what = files
	case "existingdir":
		a.what = directories
	}
	return a
}

// add adds a candidate if it begins with word.
func (a *answer) add(candidateWord, help, word string) {
	if strings.HasPrefix(candidateWord, word) {
		help, _, _ = strings.Cut(help, "\n")
		a.candidates = append(a.candidates, candidate{candidateWord, help})
	}
}
