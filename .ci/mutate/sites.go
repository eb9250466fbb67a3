package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"sort"
	"strings"
)

// A mutant is a single change of one operator.
type mutant struct {
	id        int
	file      string
	line, col int
	from, to  string
}

func (m mutant) String() string {
	return fmt.Sprintf("%s:%d:%d: %s to %s", m.file, m.line, m.col, m.from, m.to)
}

// binary names the helper that replaces an operator and, in order, what the
// helper's mutants do instead.
var binary = map[token.Token]struct {
	helper string
	to     []string
}{
	token.LSS:        {"Less", []string{"<=", ">="}},
	token.LEQ:        {"LessEqual", []string{"<", ">"}},
	token.GTR:        {"Greater", []string{">=", "<="}},
	token.GEQ:        {"GreaterEqual", []string{">", "<"}},
	token.EQL:        {"", []string{"!="}},
	token.NEQ:        {"", []string{"=="}},
	token.ADD:        {"Add", []string{"-"}},
	token.SUB:        {"Subtract", []string{"+"}},
	token.MUL:        {"Multiply", []string{"/"}},
	token.QUO:        {"Divide", []string{"*"}},
	token.REM:        {"Remainder", []string{"*"}},
	token.LAND:       {"And", []string{"||"}},
	token.LOR:        {"Or", []string{"&&"}},
	token.ADD_ASSIGN: {"AddTo", []string{"-="}},
	token.SUB_ASSIGN: {"SubtractFrom", []string{"+="}},
	token.MUL_ASSIGN: {"MultiplyBy", []string{"/="}},
	token.QUO_ASSIGN: {"DivideBy", []string{"*="}},
}

// An edit replaces n bytes of a file at an offset.
type edit struct {
	offset, n int
	text      string
	closes    bool // comes before what starts at the same offset, inner ones first
}

// A rewriter collects the mutants of a file and the edits that include them.
type rewriter struct {
	fset  *token.FileSet
	info  *types.Info
	next  *int            // the next mutant's number
	skip  map[string]bool // places whose changes do not compile
	name  string
	edits []edit
	found []mutant
}

func (r *rewriter) offset(p token.Pos) int { return r.fset.Position(p).Offset }

func (r *rewriter) open(p token.Pos, n int, text string) {
	r.edits = append(r.edits, edit{r.offset(p), n, text, false})
}

func (r *rewriter) close(p token.Pos, text string) {
	r.edits = append(r.edits, edit{r.offset(p), 0, text, true})
}

// mutants numbers the mutants of the operator at p; the result is false if its
// place is to be skipped.
func (r *rewriter) mutants(p token.Pos, from string, to []string) (first int, ok bool) {
	at := r.fset.Position(p)
	if r.skip[fmt.Sprintf("%s:%d", r.name, at.Line)] {
		return 0, false
	}
	first = *r.next
	for _, t := range to {
		r.found = append(r.found, mutant{*r.next, r.name, at.Line, at.Column, from, t})
		*r.next++
	}
	return first, true
}

// visit adds the changes of a node. It returns false if the node must stay
// constant.
func (r *rewriter) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GenDecl:
		return n.Tok == token.VAR
	case *ast.ArrayType:
		return false
	case *ast.BinaryExpr:
		r.binary(n)
	case *ast.UnaryExpr:
		if n.Op == token.SUB {
			if of, ok := r.explicit(n, n.X); ok {
				if id, ok := r.mutants(n.OpPos, "-x", []string{"+x"}); ok {
					r.open(n.OpPos, 1, fmt.Sprintf("mutantNegate%s(%d, ", of, id))
					r.close(n.End(), ")")
				}
			}
		}
	case *ast.IncDecStmt:
		r.step(n)
	case *ast.AssignStmt:
		r.assign(n)
	}
	return true
}

func (r *rewriter) binary(n *ast.BinaryExpr) {
	b, ok := binary[n.Op]
	if !ok {
		return
	}
	switch n.Op {
	case token.EQL, token.NEQ:
		if r.info.Types[n].Value != nil {
			return
		}
		if id, ok := r.mutants(n.OpPos, n.Op.String(), b.to); ok {
			r.open(n.Pos(), 0, "((")
			r.close(n.End(), fmt.Sprintf(") != mutantOn(%d))", id))
		}
	case token.LAND, token.LOR:
		if r.info.Types[n].Value != nil {
			return
		}
		if id, ok := r.mutants(n.OpPos, n.Op.String(), b.to); ok {
			r.open(n.Pos(), 0, fmt.Sprintf("mutant%s(%d, ", b.helper, id))
			r.open(n.OpPos, 2, ", func() bool { return ")
			r.close(n.End(), " })")
		}
	default:
		of, ok := r.explicit(n, n.X, n.Y)
		if !ok {
			return
		}
		if id, ok := r.mutants(n.OpPos, n.Op.String(), b.to); ok {
			r.open(n.Pos(), 0, fmt.Sprintf("mutant%s%s(%d, ", b.helper, of, id))
			r.open(n.OpPos, len(n.Op.String()), ",")
			r.close(n.End(), ")")
		}
	}
}

func (r *rewriter) step(n *ast.IncDecStmt) {
	helper, to := "Increment", "--"
	if n.Tok == token.DEC {
		helper, to = "Decrement", "++"
	}
	if !r.addressable(n.X) {
		return
	}
	if id, ok := r.mutants(n.TokPos, n.Tok.String(), []string{to}); ok {
		r.open(n.Pos(), 0, fmt.Sprintf("mutant%s(%d, &", helper, id))
		r.edits = append(r.edits, edit{r.offset(n.TokPos), 2, ")", true})
	}
}

func (r *rewriter) assign(n *ast.AssignStmt) {
	b, ok := binary[n.Tok]
	if !ok || !r.addressable(n.Lhs[0]) || !numeric(r.info.TypeOf(n.Lhs[0])) {
		return
	}
	if id, ok := r.mutants(n.TokPos, n.Tok.String(), b.to); ok {
		r.open(n.Pos(), 0, fmt.Sprintf("mutant%s(%d, &", b.helper, id))
		r.open(n.TokPos, 2, ",")
		r.close(n.End(), ")")
	}
}

// addressable reports whether & can be written before x: all but elements of maps.
func (r *rewriter) addressable(x ast.Expr) bool {
	if i, ok := x.(*ast.IndexExpr); ok {
		_, isMap := r.info.TypeOf(i.X).Underlying().(*types.Map)
		return !isMap
	}
	return true
}

// explicit returns the type argument that the helper for x needs: none if an
// operand has a type, that of the context if all are constants. It returns
// false if x is not a number.
func (r *rewriter) explicit(x ast.Expr, operands ...ast.Expr) (string, bool) {
	if !numeric(r.info.TypeOf(operands[0])) {
		return "", false
	}
	for _, o := range operands {
		if r.info.Types[o].Value == nil {
			return "", true
		}
	}
	t := r.info.Types[x]
	b, ok := t.Type.(*types.Basic)
	if !ok || b.Info()&types.IsUntyped != 0 || !numeric(b) {
		return "", false
	}
	for _, o := range operands {
		// 1/2 is 0, even if a float is expected.
		if v := r.info.Types[o].Value; b.Info()&types.IsFloat != 0 && len(operands) > 1 && v.Kind() == constant.Int {
			return "", false
		}
	}
	return "[" + b.Name() + "]", true
}

// numeric reports whether all types that t stands for are real numbers.
func numeric(t types.Type) bool {
	if t == nil {
		return false
	}
	if p, ok := t.(*types.TypeParam); ok {
		t = p.Constraint()
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Info()&(types.IsInteger|types.IsFloat) != 0
	case *types.Interface:
		if u.NumEmbeddeds() == 0 {
			return false
		}
		for e := range u.EmbeddedTypes() {
			if !numeric(e) {
				return false
			}
		}
		return true
	case *types.Union:
		for term := range u.Terms() {
			if !numeric(term.Type()) {
				return false
			}
		}
		return true
	}
	return false
}

// apply returns the source with the edits.
func (r *rewriter) apply(src []byte) []byte {
	// What closes at an offset comes before what opens there, inner edits
	// first: they were found after the outer ones.
	var ordered []edit
	for i := len(r.edits) - 1; i >= 0; i-- {
		if r.edits[i].closes {
			ordered = append(ordered, r.edits[i])
		}
	}
	for _, e := range r.edits {
		if !e.closes {
			ordered = append(ordered, e)
		}
	}
	sort.SliceStable(ordered, func(i, j int) bool { return ordered[i].offset < ordered[j].offset })
	var out strings.Builder
	at := 0
	for _, e := range ordered {
		out.Write(src[at:max(at, e.offset)])
		out.WriteString(e.text)
		at = max(at, e.offset+e.n)
	}
	out.Write(src[at:])
	return []byte(out.String())
}
