package configfile

import (
	"reflect"
	"strings"
)

// A field is a field of a struct that a key of a mapping fills.
type field struct {
	key      string
	index    []int
	quoted   bool     // in a string: the option "string" of encoding/json
	optional bool     // left out where it is empty
	enum     []string // what it may be; nil: anything
}

// fieldsOf returns the fields of a struct type, including those of embedded
// structs, under the names that encoding/json gives them.
func fieldsOf(t reflect.Type) []field {
	var all []field
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		if tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		if f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct {
			for _, inner := range fieldsOf(f.Type) {
				inner.index = append([]int{i}, inner.index...)
				all = append(all, inner)
			}
			continue
		}
		if !f.IsExported() {
			continue
		}
		if name == "" {
			name = f.Name
		}
		one := field{key: name, index: []int{i}}
		for _, o := range strings.Split(options, ",") {
			one.quoted = one.quoted || o == "string"
			one.optional = one.optional || o == "omitempty" || o == "omitzero"
		}
		if enum, ok := f.Tag.Lookup("enum"); ok {
			one.enum = strings.Split(enum, ",")
		}
		all = append(all, one)
	}
	return all
}
