package configfile

import (
	"bytes"
	"io"
	"strconv"
	"strings"

	"github.com/pkg/errors"
	"gopkg.in/yaml.v3"
)

// maxNodes bounds the nodes of a YAML file, whose aliases can make many of few.
const maxNodes = 1 << 20

// ParseYAML parses data, the content of the YAML file called name: one document
// of strings, numbers, true and false, null, lists, and mappings with strings
// as keys. Numbers are those of JSON, without 0x10, 1_000 or .nan.
func ParseYAML(name string, data []byte) (*Node, error) {
	data, err := text(name, data)
	if err != nil {
		return nil, err
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	if err := d.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.Errorf("%s: file must not be empty", name)
		}
		return nil, errors.Errorf("%s: %s", name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	p := &yamlParser{name: name, left: maxNodes}
	var more yaml.Node
	if err := d.Decode(&more); err == nil {
		return nil, p.at(&more).Errorf("file must be one YAML document, got more")
	} else if !errors.Is(err, io.EOF) {
		return nil, errors.Errorf("%s: %s", name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return p.value(document.Content[0], 0)
}

type yamlParser struct {
	name string
	left int // nodes that may come yet
}

func (p *yamlParser) at(y *yaml.Node) *Node {
	return &Node{file: p.name, line: y.Line, column: y.Column, yaml: true}
}

func (p *yamlParser) value(y *yaml.Node, depth int) (*Node, error) {
	n := p.at(y)
	if depth == maxDepth && (y.Kind == yaml.SequenceNode || y.Kind == yaml.MappingNode) {
		return nil, n.Errorf("lists and mappings must be at most %d deep", maxDepth)
	}
	if p.left--; p.left < 0 {
		return nil, n.Errorf("file must have at most %d values, aliases resolved", maxNodes)
	}
	switch y.Kind {
	case yaml.AliasNode:
		return p.value(y.Alias, depth)
	case yaml.SequenceNode:
		n.kind = List
		for _, c := range y.Content {
			item, err := p.value(c, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
		return n, nil
	case yaml.MappingNode:
		return n, p.mapping(n, y, depth)
	}
	return n, n.scalar(y)
}

func (p *yamlParser) mapping(n *Node, y *yaml.Node, depth int) error {
	n.kind = Mapping
	seen := make(map[string]*Node)
	for i := 0; i < len(y.Content); i += 2 {
		k := y.Content[i]
		key := p.at(k)
		if k.Kind != yaml.ScalarNode || k.ShortTag() == "!!merge" {
			return key.Errorf("key must be a string")
		}
		key.kind, key.text = String, k.Value
		item, err := p.value(y.Content[i+1], depth+1)
		if err != nil {
			return err
		}
		if err := n.add(key, item, seen); err != nil {
			return err
		}
	}
	return nil
}

// scalar sets the node to a scalar.
func (n *Node) scalar(y *yaml.Node) error {
	n.text = y.Value
	switch tag := y.ShortTag(); tag {
	case "!!null":
		n.text = "null"
	case "!!str", "!!timestamp":
		n.kind = String
	case "!!bool":
		n.kind = Bool
		// YAML has True and TRUE too.
		if n.text = strings.ToLower(y.Value); n.text != "true" && n.text != "false" {
			return n.Errorf("must be true or false, got %.80q", y.Value)
		}
	case "!!int", "!!float":
		n.kind = Number
		if n.text = strings.TrimPrefix(y.Value, "+"); integer(n.text) {
			return nil
		}
		f, err := strconv.ParseFloat(n.text, 64)
		if err != nil || f-f != 0 || tag == "!!int" || strings.ContainsAny(n.text, "_xXpP") {
			return n.Errorf("must be a number in decimal digits, or a string in quotes, got %.80q", y.Value)
		}
		if n.text[0] == '.' || !strings.ContainsAny(n.text, ".eE") || strings.HasPrefix(n.text, "-.") || strings.HasSuffix(n.text, ".") || strings.Contains(n.text, ".e") || strings.Contains(n.text, ".E") {
			n.text = strconv.FormatFloat(f, 'e', -1, 64) // as JSON has it
		}
	default:
		return n.Errorf("must be a string, a number, true, false or null, got tag %.80q", tag)
	}
	return nil
}
