package notebook

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

// inline is what a notebook has in place of the console and of files for
// figures.
const inline = `// %% How the results are shown here: text and figures below the cell that runs.

type console struct{ Out, Log io.Writer }

// Logf writes a line about the progress.
func (c *console) Logf(format string, args ...any) { fmt.Fprintf(c.Log, format+"\n", args...) }

// show shows a figure.
func show(_ io.Writer, _, _ string, figure *report.Figure) error {
	var svg strings.Builder
	if err := report.WriteFigure(&svg, report.SVG, figure); err != nil {
		return err
	}
	gonbui.DisplayHTML(svg.String())
	return nil
}

`

// needed are the imports of what is added to a command.
var needed = []string{"context", "fmt", "io", "log", "os", "strings", "github.com/janpfeifer/gonb/gonbui", "github.com/gorgonia-dropout/dropout/report"}

// command returns the source of an example with a command line as one that
// [Convert] takes: its settings, with the defaults of their flags, are set in
// main, and what it draws is shown. Run, which uses all cells, comes after them.
// Notebooks cannot import what is internal, such as the package of command lines.
func command(name string, src []byte) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, src, parser.ParseComments)
	if err != nil {
		return nil, errors.Wrap(err, "notebook")
	}
	at := func(p token.Pos) int { return fset.Position(p).Offset }
	var kept bytes.Buffer
	main, run := "", ""
	from := at(file.Name.End())
	for _, d := range file.Decls {
		with, start := "", d.Pos()
		switch d := d.(type) {
		case *ast.GenDecl:
			if d.Tok == token.IMPORT {
				with = imports(d) + "\n"
				break
			}
			t, ok := d.Specs[0].(*ast.TypeSpec)
			if !ok || t.Name.Name != "settings" {
				continue
			}
			if with, main, err = defaults(t, src, at); err != nil {
				return nil, errors.Wrapf(err, "notebook: %s", name)
			}
			with += "\n\n" + inline
		case *ast.FuncDecl:
			if d.Name.Name == "Run" && d.Recv != nil {
				start = d.Doc.Pos()
				run = string(src[at(d.Pos()):at(d.End())])
			} else if d.Name.Name != "main" && d.Name.Name != "commandLine" {
				continue
			}
		}
		kept.Write(src[from:at(start)])
		kept.WriteString(with)
		from = at(d.End())
	}
	kept.Write(src[from:])
	if main == "" || run == "" {
		return nil, errors.Errorf("notebook: %s must have a type settings with defaults and a Run", name)
	}
	text := strings.NewReplacer("*cmdline.Console", "*console", "report.SavePNG(", "show(").Replace(kept.String())
	run = strings.Replace(run, "*cmdline.Console", "*console", 1)
	whole := slices.Concat(src[:at(file.Name.End())], []byte(text+"\n// %% All of it.\n\n"+run+"\n"+main))
	formatted, err := format.Source(whole)
	return formatted, errors.Wrapf(err, "notebook: %s", name)
}

// imports returns the imports of d without internal packages, and those that are
// needed.
func imports(d *ast.GenDecl) string {
	all := slices.Clone(needed)
	for _, s := range d.Specs {
		if p, err := strconv.Unquote(s.(*ast.ImportSpec).Path.Value); err == nil && !strings.Contains(p, "/internal/") {
			all = append(all, p)
		}
	}
	slices.Sort(all)
	var groups [3]string // the standard library, others, this module
	for _, p := range slices.Compact(all) {
		k := 1
		switch {
		case !strings.Contains(strings.Split(p, "/")[0], "."):
			k = 0
		case path.Dir(p) != "." && strings.HasPrefix(p, "github.com/gorgonia-dropout/"):
			k = 2
		}
		groups[k] += "\t" + strconv.Quote(p) + "\n"
	}
	return "import (\n" + strings.Join(groups[:], "\n") + ")"
}

// defaults returns the settings with the help of their flags as comments, and a
// main with the defaults of the flags.
func defaults(t *ast.TypeSpec, src []byte, at func(token.Pos) int) (fields, main string, err error) {
	s, ok := t.Type.(*ast.StructType)
	if !ok {
		return "", "", errors.New("settings must be a struct")
	}
	var b, values strings.Builder
	b.WriteString("type settings struct {\n")
	for _, f := range s.Fields.List {
		text, err := strconv.Unquote(f.Tag.Value)
		if err != nil {
			return "", "", err
		}
		tag, typ, name := reflect.StructTag(text), string(src[at(f.Type.Pos()):at(f.Type.End())]), f.Names[0].Name
		help, v := tag.Get("help"), tag.Get("default")
		if name == "Out" {
			help, v = "Not used here, where figures are shown.", ""
		}
		b.WriteString("\t" + name + " " + typ + " // " + help + "\n")
		switch {
		case v == "":
			continue
		case typ == "string":
			v = strconv.Quote(v)
		case strings.HasPrefix(typ, "[]"):
			v = typ + "{" + strings.ReplaceAll(v, ",", ", ") + "}"
		}
		values.WriteString("\t\t" + name + ": " + v + ",\n")
	}
	b.WriteString("}")
	return b.String(), "\n// %% Run everything. Change the settings and run it again.\n\nfunc main() {\n\tdefer gonbui.Sync()\n\ts := &settings{\n" + values.String() +
		"\t}\n\tif err := s.Run(context.Background(), &console{os.Stdout, os.Stderr}); err != nil {\n\t\tlog.Fatal(err)\n\t}\n}\n", nil
}
