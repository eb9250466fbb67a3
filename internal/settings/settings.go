// Package settings works on the single declaration of a program's settings, a
// struct with kong's tags: it lists the settings and builds the command line
// that gives them again. Kong itself makes the flags from the same struct, and
// encoding/json the files.
//
//	type settings struct {
//		Epochs int     `json:"epochs" default:"40" help:"Passes over the training images."`
//		Warmup int     `json:"warmup" default:"0" help:"..." label:"warm-up steps"`
//		Out    string  `json:"-" help:"Where results go."`
//	}
//
// A field tagged json:"-" does not affect the results and is left out here, as
// in files. The tag label is shown to readers instead of the flag's name;
// label:"-" leaves the field out of lists.
package settings

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/pkg/errors"
)

// Fields returns the settings that s, a pointer to a struct, declares, in order
// and with the struct's values.
func Fields(s any) ([]*kong.Flag, error) {
	parser, err := kong.New(s)
	if err != nil {
		return nil, errors.Wrap(err, "settings: Fields")
	}
	return slices.DeleteFunc(parser.Model.Flags, func(f *kong.Flag) bool {
		return f.Name == "help" || f.Tag.Get("json") == "-"
	}), nil
}

// Arguments returns the command line that gives the values of s again. It names
// every flag, defaults included, except those with empty values: false, or an
// empty string.
func Arguments(s any) ([]string, error) {
	fields, err := Fields(s)
	if err != nil {
		return nil, err
	}
	var args []string
	for _, f := range fields {
		text, flag := list(f.Target, ","), "--"+f.Name
		switch {
		case f.IsBool():
			if f.Target.Bool() {
				args = append(args, flag)
			}
		case text == "" && f.Target.Kind() != reflect.Slice:
		case text == "", strings.HasPrefix(text, "-"):
			args = append(args, flag+"="+text)
		default:
			args = append(args, flag, text)
		}
	}
	return args, nil
}

// A Row is a setting in readable form: its name and one value, or one for each
// of several versions of the settings if they differ.
type Row struct {
	Name   string
	Values []string
}

// List returns readable settings with the values of several versions, which are
// pointers to the same type of struct.
func List(versions ...any) ([]Row, error) {
	var rows []Row
	for k, s := range versions {
		fields, err := Fields(s)
		if err != nil {
			return nil, err
		}
		for i, f := range fields {
			if k == 0 {
				rows = append(rows, Row{Name: label(f)})
			}
			rows[i].Values = append(rows[i].Values, readable(f.Target))
		}
	}
	for i, r := range rows {
		if len(slices.Compact(slices.Clone(r.Values))) == 1 {
			rows[i].Values = r.Values[:1]
		}
	}
	return slices.DeleteFunc(rows, func(r Row) bool { return r.Name == "-" }), nil
}

func label(f *kong.Flag) string {
	if l := f.Tag.Get("label"); l != "" {
		return l
	}
	return strings.ReplaceAll(f.Name, "-", " ")
}

// readable formats a value as its flag takes it, in words where that is none or
// a switch.
func readable(v reflect.Value) string {
	if v.Kind() == reflect.Bool {
		if v.Bool() {
			return "yes"
		}
		return "no"
	}
	return cmp.Or(list(v, ","), "none")
}

// list formats a value; separator goes between the elements of a slice.
func list(v reflect.Value, separator string) string {
	if v.Kind() != reflect.Slice {
		return fmt.Sprint(v.Interface())
	}
	var texts []string
	for i := range v.Len() {
		texts = append(texts, fmt.Sprint(v.Index(i).Interface()))
	}
	return strings.Join(texts, separator)
}
