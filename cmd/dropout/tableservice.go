package main

import (
	"context"
	_ "embed" // for the template of the form
	"encoding/json"
	"html/template"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets/tabular"
	"github.com/gorgonia-dropout/dropout/internal/compare"
	"github.com/gorgonia-dropout/dropout/internal/localserve"
	"github.com/gorgonia-dropout/dropout/internal/plaintext"
	"github.com/gorgonia-dropout/dropout/report"
)

// The limits of a request.
const (
	maxBody = 1 << 20
	maxRows = 1000
)

// exampleOf returns a row as JSON.
func exampleOf(f *compare.Final) string {
	row := make(map[string]any)
	for _, feature := range f.Encoder.Features {
		if len(row) == 3 {
			break
		}
		if row[feature.Name] = example(feature); feature.Use == tabular.Number {
			row[feature.Name] = digits(feature.Median, 4)
		}
	}
	b, err := json.Marshal(row)
	if err != nil {
		return "{}"
	}
	return string(b)
}

// example returns a value of a column.
func example(f tabular.Feature) string {
	switch f.Use {
	case tabular.Number:
		return strconv.FormatFloat(digits(f.Median, 4), 'f', -1, 64)
	case tabular.Boolean:
		return "yes"
	case tabular.Date:
		return time.Unix(int64(f.Mean[0]*24*60*60), 0).UTC().Format(f.Layout)
	}
	if len(f.Levels) > 0 {
		return f.Levels[0]
	}
	return ""
}

// A service answers requests with a model.
type service struct {
	f      *compare.Final
	passes int
	turn   localserve.Turn
}

// newService returns the handler of a form at / and of JSON at /predict.
func newService(f *compare.Final, passes int) http.Handler {
	s := &service{f: f, passes: passes, turn: localserve.NewTurn()}
	return localserve.Pages(s.form, s.predict)
}

// answer predicts rows, given as values by the names of columns.
func (s *service) answer(ctx context.Context, rows []map[string]string) ([]answerColumn, []string, error) {
	t := new(tabular.Table)
	known := make(map[string]bool)
	var empty []string
	for _, f := range s.f.Encoder.Features {
		known[f.Name] = true
		t.Names = append(t.Names, f.Name)
		values := make([]string, len(rows))
		for i, row := range rows {
			values[i] = strings.TrimSpace(row[f.Name])
		}
		t.Values = append(t.Values, values)
		if strings.Join(values, "") == "" {
			empty = append(empty, f.Name)
		}
	}
	for i, row := range rows {
		for name := range row {
			if !known[name] {
				if _, err := t.Column(name); err != nil {
					return nil, nil, errors.WithMessagef(err, "row %d", i+1)
				}
				return nil, nil, errors.Errorf("row %d: column %q must be written as the run has it", i+1, name)
			}
		}
	}
	done, err := s.turn.Take(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	added, notes, err := predictTable(ctx, s.f, t, s.passes)
	if len(empty) > 0 {
		notes = append(notes, "Taken as missing: "+names(empty)+".")
	}
	return added, notes, err
}

// predict answers JSON: an object, or a list of them.
func (s *service) predict(w http.ResponseWriter, r *http.Request) {
	localserve.JSON(w, r, maxBody, "a request", func(ctx context.Context, body []byte) (any, error) {
		rows, list, err := parseRows(body)
		if err != nil {
			return nil, err
		}
		added, notes, err := s.answer(ctx, rows)
		if err != nil {
			return nil, err
		}
		var answers []map[string]any
		for i := range rows {
			one := make(map[string]any)
			for _, c := range added {
				one[c.Name] = c.Values[i]
			}
			answers = append(answers, one)
		}
		out := map[string]any{"answers": answers, "notes": append([]string{}, notes...)}
		if !list {
			out = answers[0]
			out["notes"] = append([]string{}, notes...)
		}
		return out, nil
	})
}

// parseRows reads an object or a list of objects, with values of text, numbers, true, false
// and null.
func parseRows(body []byte) (rows []map[string]string, list bool, err error) {
	var of []map[string]any
	if strings.HasPrefix(strings.TrimSpace(string(body)), "[") {
		list = true
		err = json.Unmarshal(body, &of)
	} else {
		of = make([]map[string]any, 1)
		err = json.Unmarshal(body, &of[0])
	}
	switch {
	case err != nil:
		return nil, list, errors.Wrap(err, "a request must be an object of columns, or a list of them")
	case len(of) == 0 || len(of) > maxRows || of[0] == nil:
		return nil, list, errors.Errorf("a request must have 1 to %d rows, got %d", maxRows, len(of))
	}
	for i, row := range of {
		texts := make(map[string]string)
		for name, v := range row {
			switch v := v.(type) {
			case nil:
				texts[name] = ""
			case string:
				texts[name] = v
			case bool:
				texts[name] = strconv.FormatBool(v)
			case float64:
				texts[name] = strconv.FormatFloat(v, 'f', -1, 64)
			default:
				return nil, list, errors.Errorf("row %d: column %q must be text, a number, true, false or null", i+1, name)
			}
		}
		rows = append(rows, texts)
	}
	return rows, list, nil
}

//go:embed form.html.tmpl
var formSource string

var formTemplate = template.Must(template.New("form").Funcs(template.FuncMap{"line": plaintext.Line}).Parse(formSource))

// A formView is what the form is made from.
type formView struct {
	Title   string
	Style   template.CSS
	Fields  []formField
	Answers [][2]string
	Bars    []bar
	Notes   []string
	Error   string
}

type formField struct {
	Name, Value, Hint string
	Options           []string
}

type bar struct {
	Name    string
	Percent string
	Width   float64
}

// form shows the form, and the answer to what was sent with it.
func (s *service) form(w http.ResponseWriter, r *http.Request) {
	posted, ok := localserve.Form(w, r, maxBody)
	if !ok {
		return
	}
	v := formView{Title: "Predict " + strings.Join(s.f.Encoder.Plan.Targets(), ", "), Style: report.PageStyle()}
	row := make(map[string]string)
	if posted {
		for _, f := range s.f.Encoder.Features {
			row[f.Name] = r.PostForm.Get(f.Name)
		}
		s.fill(r.Context(), &v, row)
	}
	for _, f := range s.f.Encoder.Features {
		field := formField{Name: f.Name, Value: row[f.Name], Hint: example(f)}
		switch f.Use {
		case tabular.Category, tabular.Embedding:
			field.Options = append([]string{""}, f.Levels...)
		case tabular.Boolean:
			field.Options = []string{"", "no", "yes"}
		}
		v.Fields = append(v.Fields, field)
	}
	// The client may be gone: nobody is left to tell.
	_ = formTemplate.Execute(w, v)
}

// fill adds the answer to a row.
func (s *service) fill(ctx context.Context, v *formView, row map[string]string) {
	added, notes, err := s.answer(ctx, []map[string]string{row})
	if err != nil {
		v.Error = err.Error()
		return
	}
	v.Notes = notes
	for _, c := range added {
		value := text(c.Values[0])
		if x, ok := c.Values[0].(float64); ok && (c.Name == "probability" || strings.HasPrefix(c.Name, "probability of ")) {
			value = strconv.FormatFloat(100*x, 'f', 1, 64) + " %"
			v.Bars = append(v.Bars, bar{c.Name, value, math.Round(1000*x) / 10})
		}
		v.Answers = append(v.Answers, [2]string{strings.ReplaceAll(c.Name, "_", " "), value})
	}
}
