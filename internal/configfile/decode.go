package configfile

import (
	"bytes"
	"encoding"
	"encoding/base64"
	"encoding/json"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/datafile"
)

// Unmarshaler is implemented by types that read a node themselves, such as a
// list or a mapping.
type Unmarshaler interface {
	UnmarshalConfig(n *Node) error
}

// JSON decodes data, the content of the JSON file called name, into what to
// points to, by the rules of [Node.Decode].
func JSON(name string, data []byte, to any) error {
	n, err := ParseJSON(name, data)
	if err != nil {
		return err
	}
	return n.Decode(to)
}

// YAML decodes data, the content of the YAML file called name, into what to
// points to, by the rules of [Node.Decode].
func YAML(name string, data []byte, to any) error {
	n, err := ParseYAML(name, data)
	if err != nil {
		return err
	}
	return n.Decode(to)
}

// Read parses the file at path, as YAML if its name ends in .yaml or .yml, and
// else as JSON.
func Read(path string) (*Node, error) {
	f, err := datafile.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".yaml", ".yml":
		return ParseYAML(path, data)
	}
	return ParseJSON(path, data)
}

// Decode reads the node into what to points to, by the rules of encoding/json
// with these differences: keys must match those of the struct's fields exactly,
// including case, and others are errors; whole numbers must be written in
// digits and fit; floating-point numbers must be finite; null is allowed only
// for what can be nil; a field with a tag enum:"a,b" must be one of these. In
// an any, whole numbers from YAML become an int or uint64; those from JSON
// become a float64, or a json.Number if that could not hold them. Types may
// read themselves, as an [Unmarshaler] or by the interfaces of encoding/json
// and encoding. Fields without a key keep their values.
func (n *Node) Decode(to any) error { return n.decodeInto(to, false) }

// DecodeAll is [Node.Decode] for files that a program has written: the key of
// each field of a struct must be present, unless its tag has omitempty or
// omitzero.
func (n *Node) DecodeAll(to any) error { return n.decodeInto(to, true) }

func (n *Node) decodeInto(to any, all bool) error {
	v := reflect.ValueOf(to)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return errors.Errorf("configfile: Decode: to must be a pointer, got %T", to)
	}
	d := decoder{all: all}
	return d.decode(n, v.Elem(), "")
}

type decoder struct{ all bool }

// fail returns an error that names the place and the key.
func fail(n *Node, path, format string, args ...any) error {
	if path != "" {
		path += ": "
	}
	return n.Errorf("%s"+format, append([]any{path}, args...)...)
}

var jsonNumber = reflect.TypeFor[json.Number]()

func (d decoder) decode(n *Node, v reflect.Value, path string) error {
	if done, err := own(n, v); done {
		if err != nil && !strings.HasPrefix(err.Error(), n.file+":") {
			err = fail(n, path, "%v", err)
		}
		return err
	}
	if n.kind == Null {
		switch v.Kind() {
		case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice:
			v.SetZero()
			return nil
		}
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		return d.decode(n, v.Elem(), path)
	case reflect.Interface:
		return d.any(n, v, path)
	case reflect.Struct:
		return d.structure(n, v, path)
	case reflect.Map:
		return d.mapping(n, v, path)
	case reflect.Slice, reflect.Array:
		return d.list(n, v, path)
	}
	if err := scalar(n, v); err != nil {
		return fail(n, path, "%v", err)
	}
	return nil
}

// own lets v's type read the node if it can, and reports whether it did.
func own(n *Node, v reflect.Value) (bool, error) {
	if v.Kind() == reflect.Pointer || !v.CanAddr() || !v.Addr().CanInterface() {
		return false, nil
	}
	switch u := v.Addr().Interface().(type) {
	case Unmarshaler:
		return true, u.UnmarshalConfig(n)
	case json.Unmarshaler:
		var b bytes.Buffer
		n.writeJSON(&b)
		return true, u.UnmarshalJSON(b.Bytes())
	case encoding.TextUnmarshaler:
		if n.kind != String {
			return true, errors.Errorf("must be a string, got %s", n.shown())
		}
		return true, u.UnmarshalText([]byte(n.text))
	}
	return false, nil
}

// scalar reads a node that is neither a list nor a mapping.
func scalar(n *Node, v reflect.Value) error {
	want := func(k Kind) error {
		if n.kind != k {
			return errors.Errorf("must be %v, got %s", k, n.shown())
		}
		return nil
	}
	switch {
	case v.Type() == jsonNumber:
		if err := want(Number); err != nil {
			return err
		}
		v.SetString(n.text)
	case v.Kind() == reflect.String:
		if n.kind == Number || n.kind == Bool {
			return errors.Errorf("must be a string in quotes, got %s", n.shown())
		}
		if err := want(String); err != nil {
			return err
		}
		v.SetString(n.text)
	case v.Kind() == reflect.Bool:
		if err := want(Bool); err != nil {
			return err
		}
		v.SetBool(n.text == "true")
	case v.CanInt(), v.CanUint():
		return whole(n, v)
	case v.CanFloat():
		if err := want(Number); err != nil {
			return err
		}
		f, err := n.float(v.Type().Bits())
		if err != nil {
			return err
		}
		v.SetFloat(f)
	default:
		return errors.Errorf("the program must read it into a type of JSON's, got %v", v.Type())
	}
	return nil
}

// whole reads an integer, exactly.
func whole(n *Node, v reflect.Value) error {
	if n.kind != Number || !integer(n.text) {
		return errors.Errorf("must be a whole number in digits, got %s", n.shown())
	}
	bits := v.Type().Bits()
	if v.CanUint() {
		u, err := strconv.ParseUint(n.text, 10, bits)
		if err != nil {
			return errors.Errorf("must be in [0, %d], got %s", ^uint64(0)>>(64-bits), n.shown())
		}
		v.SetUint(u)
		return nil
	}
	i, err := strconv.ParseInt(n.text, 10, bits)
	if err != nil {
		largest := int64(^uint64(0) >> (65 - bits))
		return errors.Errorf("must be in [%d, %d], got %s", -largest-1, largest, n.shown())
	}
	v.SetInt(i)
	return nil
}

func (d decoder) structure(n *Node, v reflect.Value, path string) error {
	if n.kind != Mapping {
		return fail(n, path, "must be a mapping of keys to values, got %s", n.shown())
	}
	fields := fieldsOf(v.Type())
	known := make([]string, len(fields))
	for i, f := range fields {
		known[i] = f.key
		if d.all && !f.optional && n.Get(f.key) == nil {
			return fail(n, path, "key %q must be there, got none", f.key)
		}
	}
	for i, key := range n.keys {
		at := slices.Index(known, key.text)
		if at < 0 {
			return fail(key, path, "%s", unknown(key.text, known))
		}
		f, item := fields[at], n.items[i]
		inner := join(path, key.text)
		if f.enum != nil && (item.kind != String || !slices.Contains(f.enum, item.text)) {
			near := ""
			if s := Nearest(item.text, f.enum); s != "" {
				near = ", did you mean " + strconv.Quote(s) + "?"
			}
			return fail(item, inner, "must be one of %s, got %s%s", strings.Join(f.enum, ", "), item.shown(), near)
		}
		if f.quoted && item.kind == String {
			unquoted, err := ParseJSON(n.file, []byte(item.text))
			if err != nil || unquoted.kind > Number {
				return fail(item, inner, "must be a string that holds a number, true or false, got %s", item.shown())
			}
			unquoted.line, unquoted.column = item.line, item.column
			item = unquoted
		}
		if err := d.decode(item, v.FieldByIndex(f.index), inner); err != nil {
			return err
		}
	}
	return nil
}

func join(path, key string) string {
	// Keys come from outside, so strange ones are quoted.
	if q := strconv.Quote(key); q != `"`+key+`"` || len(key) > 80 {
		key = q[:min(len(q), 80)]
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

func (d decoder) mapping(n *Node, v reflect.Value, path string) error {
	if n.kind != Mapping {
		return fail(n, path, "must be a mapping of keys to values, got %s", n.shown())
	}
	t := v.Type()
	if v.IsNil() {
		v.Set(reflect.MakeMapWithSize(t, len(n.keys)))
	}
	for i, k := range n.keys {
		key, item := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		as := *k
		if key.CanInt() || key.CanUint() {
			as.kind = Number
		}
		if err := d.decode(&as, key, path); err != nil {
			return err
		}
		if err := d.decode(n.items[i], item, join(path, k.text)); err != nil {
			return err
		}
		v.SetMapIndex(key, item)
	}
	return nil
}

func (d decoder) list(n *Node, v reflect.Value, path string) error {
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 && n.kind == String {
		b, err := base64.StdEncoding.DecodeString(n.text)
		if err != nil {
			return fail(n, path, "must be bytes in base64: %v", err)
		}
		v.SetBytes(b)
		return nil
	}
	if n.kind != List {
		return fail(n, path, "must be a list, got %s", n.shown())
	}
	if v.Kind() == reflect.Slice {
		v.Set(reflect.MakeSlice(v.Type(), len(n.items), len(n.items)))
	} else if v.Len() != len(n.items) {
		return fail(n, path, "must be a list of %d, got %d", v.Len(), len(n.items))
	}
	for i, item := range n.items {
		if err := d.decode(item, v.Index(i), path+"["+strconv.Itoa(i)+"]"); err != nil {
			return err
		}
	}
	return nil
}
