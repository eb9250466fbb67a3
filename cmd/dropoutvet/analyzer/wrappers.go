package analyzer

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// callsBuiltin is the fact that a function, a method, a type with such methods
// or a variable of a package leads to gorgonia.Dropout.
type callsBuiltin struct {
	Through string // what it calls, "" for gorgonia.Dropout itself
}

func (*callsBuiltin) AFact() {}

func (f *callsBuiltin) String() string {
	if f.Through == "" {
		return "calls gorgonia.Dropout"
	}
	return "calls " + f.Through + ", which calls gorgonia.Dropout"
}

// A declaration is one of a package, which has a fact if its code does.
type declaration struct {
	of   []types.Object
	code ast.Node
}

// exportWrappers exports the facts of a package.
func exportWrappers(pass *analysis.Pass) {
	if pass.Pkg == nil || within(pass.Pkg.Path(), gorgoniaPath) || within(pass.Pkg.Path(), strings.TrimSuffix(opsPath, "/ops")) {
		return // of Gorgonia's own wrappers, ops/nn has a fix, and ours are meant
	}
	var all []declaration
	for _, f := range pass.Files {
		for _, decl := range f.Decls {
			all = append(all, declarationsOf(pass, decl)...)
		}
	}
	// Functions call others that are declared later.
	for changed := true; changed; {
		changed = false
		for _, d := range all {
			through, found := leads(pass, d.code)
			if !found {
				continue
			}
			for _, obj := range d.of {
				if obj.Name() != "_" && !pass.ImportObjectFact(obj, new(callsBuiltin)) {
					pass.ExportObjectFact(obj, &callsBuiltin{through})
					changed = true
				}
			}
		}
	}
}

func declarationsOf(pass *analysis.Pass, decl ast.Decl) (all []declaration) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		fn, ok := pass.TypesInfo.Defs[d.Name].(*types.Func)
		if !ok || d.Body == nil {
			return nil
		}
		of := []types.Object{fn}
		if recv := fn.Signature().Recv(); recv != nil {
			// Methods are often called through an interface, where a value is
			// all there is to see.
			if t := typeName(recv.Type()); t != nil {
				of = append(of, t)
			}
		}
		return []declaration{{of, d.Body}}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			s, ok := spec.(*ast.ValueSpec)
			if !ok || d.Tok != token.VAR {
				continue
			}
			for i, value := range s.Values {
				of := s.Names
				if len(s.Values) == len(s.Names) {
					of = s.Names[i : i+1]
				}
				for _, name := range of {
					if obj := pass.TypesInfo.Defs[name]; obj != nil {
						all = append(all, declaration{[]types.Object{obj}, value})
					}
				}
			}
		}
	}
	return all
}

// leads reports whether code leads to gorgonia.Dropout, and through what of
// another package.
func leads(pass *analysis.Pass, code ast.Node) (through string, found bool) {
	for n := range ast.Preorder(code) {
		var obj types.Object
		switch n := n.(type) {
		case *ast.Ident:
			obj = pass.TypesInfo.Uses[n]
			if _, isType := obj.(*types.TypeName); isType {
				continue
			}
		case ast.Expr:
			obj = made(pass, n)
		}
		if isBuiltin(obj) {
			return "", true
		}
		if fact, ok := factOf(pass, obj); ok {
			if obj.Pkg() == pass.Pkg {
				return fact.Through, true
			}
			return qualified(obj), true
		}
	}
	return "", false
}

// made returns the named type of which an expression makes a value, by a
// literal, a conversion or new, nil if it does not.
func made(pass *analysis.Pass, e ast.Expr) types.Object {
	var t types.Type
	switch e := e.(type) {
	case *ast.CompositeLit:
		t = pass.TypesInfo.TypeOf(e)
	case *ast.CallExpr:
		if len(e.Args) != 1 {
			return nil
		}
		if b, ok := ast.Unparen(e.Fun).(*ast.Ident); ok && pass.TypesInfo.Uses[b] == types.Universe.Lookup("new") {
			t = pass.TypesInfo.TypeOf(e.Args[0])
		} else if pass.TypesInfo.Types[e.Fun].IsType() {
			t = pass.TypesInfo.TypeOf(e.Fun)
		}
	}
	if name := typeName(t); name != nil {
		return name
	}
	return nil
}

// typeName returns the name of a type or of what it points to.
func typeName(t types.Type) *types.TypeName {
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := types.Unalias(t).(*types.Named); ok {
		return n.Obj()
	}
	return nil
}

// factOf returns the fact of an object.
func factOf(pass *analysis.Pass, obj types.Object) (f callsBuiltin, ok bool) {
	switch o := obj.(type) {
	case *types.Func:
		obj = o.Origin()
	case *types.Var:
		obj = o.Origin()
	case *types.TypeName:
	default:
		return f, false
	}
	return f, obj.Pkg() != nil && pass.ImportObjectFact(obj, &f)
}

// qualified returns the name of an object with its package.
func qualified(obj types.Object) string {
	name := obj.Name()
	if fn, ok := obj.(*types.Func); ok && fn.Signature().Recv() != nil {
		if t := typeName(fn.Signature().Recv().Type()); t != nil {
			name = t.Name() + "." + name
		}
	}
	return obj.Pkg().Name() + "." + name
}

// reportWrapper reports the identifier at c if it uses what another module has
// that leads to gorgonia.Dropout, and tells whether it leads there at all.
func reportWrapper(pass *analysis.Pass, c inspector.Cursor) bool {
	id := c.Node().(*ast.Ident)
	obj := pass.TypesInfo.Uses[id]
	if _, isType := obj.(*types.TypeName); isType && !isMade(pass, c, obj) {
		return false
	}
	fact, ok := factOf(pass, obj)
	if !ok {
		return false
	}
	// Within a module, the place to report is where the dropout is.
	if m := pass.Module; obj.Pkg() != pass.Pkg && (m == nil || m.Path == "" || !within(obj.Pkg().Path(), m.Path)) {
		pass.ReportRangef(id, "%s %v, whose gradient is wrong for every p but 0.5: use another layer, or ops.Rewrite on the finished graph", qualified(obj), &fact)
	}
	return true
}

// isMade reports whether the identifier at c names a type to make a value of it.
func isMade(pass *analysis.Pass, c inspector.Cursor, t types.Object) bool {
	for range 3 { // pkg.T in a literal or a call, perhaps with type arguments
		switch c.ParentEdgeKind() {
		case edge.CompositeLit_Type, edge.CallExpr_Fun, edge.CallExpr_Args:
			e, _ := c.Parent().Node().(ast.Expr)
			return made(pass, e) == t
		}
		c = c.Parent()
	}
	return false
}

// within reports whether a package is that of a path or below it.
func within(pkg, path string) bool { return pkg == path || strings.HasPrefix(pkg, path+"/") }
