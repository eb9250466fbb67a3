package configfile

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/pkg/errors"
)

// ParseJSON parses data, the content of the JSON file called name. A UTF-8 byte
// order mark is skipped; other encodings, duplicate keys and anything after the
// value are errors.
func ParseJSON(name string, data []byte) (*Node, error) {
	data, err := text(name, data)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, errors.Errorf("%s: file must not be empty", name)
	}
	p := &jsonParser{name: name, data: data, line: 1}
	var whole json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil {
		if bad := (*json.SyntaxError)(nil); errors.As(err, &bad) {
			// The offset is just after the wrong byte, or at the end.
			at := int(bad.Offset)
			if at > 0 && bad.Error() != "unexpected end of JSON input" {
				at--
			}
			return nil, p.at(at).Errorf("%v", err)
		}
		return nil, errors.Wrap(err, name)
	}
	p.decoder = json.NewDecoder(bytes.NewReader(data))
	p.decoder.UseNumber()
	return p.value(0)
}

// text makes the checks common to all files and returns the text after a byte
// order mark.
func text(name string, data []byte) ([]byte, error) {
	if len(data) > MaxBytes {
		return nil, errors.Errorf("%s: file must be at most %d bytes, got %d", name, MaxBytes, len(data))
	}
	for _, mark := range [][]byte{{0xff, 0xfe}, {0xfe, 0xff}} {
		if bytes.HasPrefix(data, mark) {
			return nil, errors.Errorf("%s: file must be UTF-8, got UTF-16", name)
		}
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	for rest, at := data, 0; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError && size == 1 {
			p := &jsonParser{name: name, data: data, line: 1}
			return nil, p.at(at).Errorf("file must be UTF-8, got byte 0x%02x", rest[0])
		}
		rest, at = rest[size:], at+size
	}
	return data, nil
}

type jsonParser struct {
	name    string
	data    []byte
	decoder *json.Decoder
	// The place that at has reached; it only moves forward.
	offset, line, column int
}

// at returns a node at an offset, which must not be before that of the last call.
func (p *jsonParser) at(offset int) *Node {
	for _, r := range string(p.data[p.offset:offset]) {
		if p.column++; r == '\n' {
			p.line, p.column = p.line+1, 0
		}
	}
	p.offset = offset
	return &Node{file: p.name, line: p.line, column: p.column + 1}
}

// token returns the next token and a node at its place.
func (p *jsonParser) token() (json.Token, *Node, error) {
	start := int(p.decoder.InputOffset())
	for start < len(p.data) && bytes.IndexByte([]byte(" \t\r\n,:"), p.data[start]) >= 0 {
		start++
	}
	n := p.at(start)
	t, err := p.decoder.Token()
	if err != nil {
		return nil, n, n.Errorf("%v", err)
	}
	return t, n, nil
}

func (p *jsonParser) value(depth int) (*Node, error) {
	t, n, err := p.token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		if depth == maxDepth {
			return nil, n.Errorf("lists and mappings must be at most %d deep", maxDepth)
		}
		if n.kind = List; t == '{' {
			n.kind = Mapping
		}
		return n, p.items(n, depth+1)
	case string:
		n.kind, n.text = String, t
	case json.Number:
		n.kind, n.text = Number, t.String()
	case bool:
		n.kind, n.text = Bool, "false"
		if t {
			n.text = "true"
		}
	default:
		n.text = "null"
	}
	return n, nil
}

// items reads the contents of a list or mapping, and its end.
func (p *jsonParser) items(n *Node, depth int) error {
	seen := make(map[string]*Node)
	for p.decoder.More() {
		var key *Node
		if n.kind == Mapping {
			t, at, err := p.token()
			if err != nil {
				return err
			}
			key = at
			key.kind = String
			key.text, _ = t.(string) // the syntax has been checked
		}
		item, err := p.value(depth)
		if err != nil {
			return err
		}
		if n.kind == List {
			n.items = append(n.items, item)
		} else if err := n.add(key, item, seen); err != nil {
			return err
		}
	}
	_, _, err := p.token()
	return err
}
