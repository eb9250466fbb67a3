// Package configfile reads configuration files in JSON and YAML, strictly. Keys
// that nothing reads, numbers that do not fit, values that are not allowed and
// anything after the end are errors that name the file, the line and column,
// and the key:
//
//	config.json:3:2: unknown key "trian", did you mean "train"?
//	config.json:4:12: epochs: must be a whole number in digits, got 1.9
package configfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/pkg/errors"
)

// MaxBytes is the size of the largest file that is read, and maxDepth how
// deeply its lists and mappings may be nested.
const (
	MaxBytes = 16 << 20
	maxDepth = 1000
)

// Kind says what a node of a file is.
type Kind uint8

// The kinds of nodes.
const (
	Null Kind = iota
	Bool
	Number
	String
	List
	Mapping
)

var kindNames = [...]string{"null", "true or false", "a number", "a string", "a list", "a mapping"}

// String returns the kind in words, such as "a list".
func (k Kind) String() string { return kindNames[k] }

// A Node is a value in a file, with its place there.
type Node struct {
	kind         Kind
	yaml         bool
	file         string
	line, column int
	text         string  // of a scalar: a string's content, or what JSON calls it
	keys         []*Node // of a mapping
	items        []*Node // of a list or mapping
}

// Kind returns what the node is.
func (n *Node) Kind() Kind { return n.kind }

// Text returns the content of a string, or a number, true, false or null as
// JSON writes it.
func (n *Node) Text() string { return n.text }

// Keys returns the keys of a mapping in the file's order, nil for other kinds.
// Each is a string with its place.
func (n *Node) Keys() []*Node { return n.keys }

// Items returns the values of a list or, in the order of Keys, of a mapping.
func (n *Node) Items() []*Node { return n.items }

// Get returns the value of a key, nil if there is none.
func (n *Node) Get(key string) *Node {
	for i, k := range n.keys {
		if k.text == key {
			return n.items[i]
		}
	}
	return nil
}

// Errorf returns an error that begins with the file and the node's place in it.
func (n *Node) Errorf(format string, args ...any) error {
	return errors.Errorf("%s: %s", n.place(), fmt.Sprintf(format, args...))
}

func (n *Node) place() string { return fmt.Sprintf("%s:%d:%d", n.file, n.line, n.column) }

// shown returns the node for a message: shortened, and quoted if it comes from
// outside.
func (n *Node) shown() string {
	switch n.kind {
	case List, Mapping:
		return n.kind.String()
	case String:
		return fmt.Sprintf("%.80q", n.text)
	}
	return fmt.Sprintf("%.80s", n.text)
}

// writeJSON writes the node as JSON.
func (n *Node) writeJSON(b *bytes.Buffer) {
	quote := func(s string) {
		// A string always has a JSON form.
		text, _ := json.Marshal(s)
		b.Write(text)
	}
	switch n.kind {
	case String:
		quote(n.text)
	case List, Mapping:
		b.WriteByte("[{"[n.kind-List])
		for i, item := range n.items {
			if i > 0 {
				b.WriteByte(',')
			}
			if n.kind == Mapping {
				quote(n.keys[i].text)
				b.WriteByte(':')
			}
			item.writeJSON(b)
		}
		b.WriteByte("]}"[n.kind-List])
	default:
		b.WriteString(n.text)
	}
}

// add adds a key, which must be new, and its value to a mapping.
func (n *Node) add(key, item *Node, seen map[string]*Node) error {
	if first, twice := seen[key.text]; twice {
		return key.Errorf("key %.80q must be given once, got it on line %d too", key.text, first.line)
	}
	seen[key.text] = key
	n.keys, n.items = append(n.keys, key), append(n.items, item)
	return nil
}

// integer reports whether s is a whole number in digits, as JSON writes it.
func integer(s string) bool {
	if len(s) > 0 && s[0] == '-' {
		s = s[1:]
	}
	if s == "" || s[0] == '0' && len(s) > 1 {
		return false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// float reads a number, which must be finite.
func (n *Node) float(bits int) (float64, error) {
	f, err := strconv.ParseFloat(n.text, bits)
	if err != nil {
		return 0, errors.Errorf("must be a finite number of %d bits, got %s", bits, n.shown())
	}
	return f, nil
}
