package main

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/gorgonia-dropout/dropout/internal/configfile"
)

// configFlag is a file with values of flags; flags on the command line override
// them.
type configFlag string

// BeforeResolve is called by kong.
func (configFlag) BeforeResolve(ctx *kong.Context, trace *kong.Path) error {
	path, _ := ctx.FlagValue(trace.Flag).(configFlag)
	n, err := configfile.Read(kong.ExpandPath(string(path)))
	if err != nil {
		return err
	}
	// Set now, for errors about the flags in the file.
	trace.Flag.Target.SetString(string(path))
	values, err := flagValues(ctx.Model.Node, n)
	if err != nil {
		return err
	}
	ctx.AddResolver(kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, f *kong.Flag) (any, error) {
		return values[keyOf(f)], nil
	}))
	return nil
}

// keyOf returns the name of a flag in a file.
func keyOf(f *kong.Flag) string { return strings.ReplaceAll(f.Name, "-", "_") }

// fileFlags returns all flags that a file may set, of all commands, by key: a
// run's config.json can be given to each of them.
func fileFlags(n *kong.Node) map[string][]*kong.Flag {
	all := make(map[string][]*kong.Flag)
	for _, f := range n.Flags {
		if f.Name != "help" && f.Name != "config" {
			all[keyOf(f)] = append(all[keyOf(f)], f)
		}
	}
	for _, c := range n.Children {
		for key, flags := range fileFlags(c) {
			all[key] = append(all[key], flags...)
		}
	}
	return all
}

// flagValues returns what a file sets, in the form that kong takes. Each key
// must be a flag's, and its value of the flag's type.
func flagValues(grammar *kong.Node, n *configfile.Node) (map[string]any, error) {
	known := fileFlags(grammar)
	// The file is read into a struct with these keys, so that errors are those
	// of all files.
	var fields []reflect.StructField
	for key, flags := range known {
		t := flags[0].Target.Type()
		if t == reflect.TypeFor[time.Duration]() {
			t = reflect.TypeFor[duration]()
		}
		tag := `json:"` + key + `"`
		if flags[0].Enum != "" {
			tag += ` enum:"` + flags[0].Enum + `"`
		}
		fields = append(fields, reflect.StructField{Name: "F_" + key, Type: t, Tag: reflect.StructTag(tag)})
	}
	slices.SortFunc(fields, func(a, b reflect.StructField) int { return strings.Compare(a.Name, b.Name) })
	if err := n.Decode(reflect.New(reflect.StructOf(fields)).Interface()); err != nil {
		return nil, err
	}
	values := make(map[string]any)
	for i, key := range n.Keys() {
		values[key.Text()] = flagValue(n.Items()[i])
	}
	return values, nil
}

// flagValue returns a value in the form that kong takes, nil for the default.
func flagValue(n *configfile.Node) any {
	switch n.Kind() {
	case configfile.Null:
		return nil
	case configfile.Bool:
		return n.Text() == "true"
	case configfile.List:
		list := []any{}
		for _, item := range n.Items() {
			if item.Kind() == configfile.Number {
				list = append(list, json.Number(item.Text()))
			} else {
				list = append(list, item.Text())
			}
		}
		return list
	}
	if n.Text() == "" {
		return nil // nothing named, such as no directory
	}
	return n.Text()
}

// duration is a time.Duration in a file, such as "3s".
type duration time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = duration(v)
	return err
}
