package configfile

import (
	"encoding/json"
	"reflect"
	"strconv"
)

// any reads the node into an interface without methods.
func (d decoder) any(n *Node, v reflect.Value, path string) error {
	if v.NumMethod() > 0 {
		return fail(n, path, "the program must read it into a type of JSON's, got %v", v.Type())
	}
	var value any
	switch n.kind {
	case Null:
	case Bool:
		value = n.text == "true"
	case String:
		value = n.text
	case Number:
		var err error
		if value, err = n.number(); err != nil {
			return fail(n, path, "%v", err)
		}
	case List:
		list := []any{}
		if err := d.list(n, reflect.ValueOf(&list).Elem(), path); err != nil {
			return err
		}
		value = list
	case Mapping:
		m := map[string]any{}
		if err := d.mapping(n, reflect.ValueOf(&m).Elem(), path); err != nil {
			return err
		}
		value = m
	}
	if value == nil {
		v.SetZero()
	} else {
		v.Set(reflect.ValueOf(value))
	}
	return nil
}

// number returns a number in the type that can hold it.
func (n *Node) number() (any, error) {
	if integer(n.text) {
		if n.yaml {
			if i, err := strconv.Atoi(n.text); err == nil {
				return i, nil
			}
			if u, err := strconv.ParseUint(n.text, 10, 64); err == nil {
				return u, nil
			}
		} else if i, err := strconv.ParseInt(n.text, 10, 64); err != nil || int64(float64(i)) != i || i > 1<<53 || i < -1<<53 {
			return json.Number(n.text), nil
		}
	}
	return n.float(64)
}
