package main

import (
	"context"
	_ "embed" // for the template of the page
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"unicode/utf8"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/compare"
	"github.com/gorgonia-dropout/dropout/internal/localserve"
	"github.com/gorgonia-dropout/dropout/report"
)

// The limits of a text that is served.
const (
	maxText = 20_000 // characters
	written = 200    // characters that the network adds
)

// A textService reads texts with a model.
type textService struct {
	f      *compare.Final
	passes int
	turn   localserve.Turn
}

// newTextService returns the handler of a page at / and of JSON at /predict.
func newTextService(f *compare.Final, passes int) http.Handler {
	s := &textService{f: f, passes: passes, turn: localserve.NewTurn()}
	return localserve.Pages(s.form, s.predict)
}

// A textAnswer is what a text is worth, and how the network goes on.
type textAnswer struct {
	Characters   int     `json:"characters"`
	NLL          float64 `json:"nll"` // of each character, in nats
	Perplexity   float64 `json:"perplexity"`
	Disagreement float64 `json:"model_uncertainty"`
	More         string  `json:"continuation"`
	Note         string  `json:"note"`

	reading *compare.Reading
}

func (s *textService) answer(ctx context.Context, text string) (*textAnswer, error) {
	switch n := utf8.RuneCountInString(text); {
	case !utf8.ValidString(text):
		return nil, errors.New("a text must be UTF-8")
	case n < 2 || n > maxText:
		return nil, errors.Errorf("a text must have 2 to %d characters, got %d", maxText, n)
	}
	done, err := s.turn.Take(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	r, err := s.f.Read(ctx, text, s.passes)
	if err != nil {
		return nil, err
	}
	a := &textAnswer{Note: summary(s.f, r), reading: r}
	if n, nll, disagreement := r.Between(0, len(r.Characters)); n > 0 {
		a.Characters, a.NLL, a.Perplexity, a.Disagreement = n, decimals(nll), digits(math.Exp(nll), 4), decimals(disagreement)
	}
	a.More, err = s.f.Continue(ctx, text, written, 1, s.f.Seed)
	return a, err
}

func (s *textService) predict(w http.ResponseWriter, r *http.Request) {
	localserve.JSON(w, r, maxBody, "a request", func(ctx context.Context, body []byte) (any, error) {
		var asked struct{ Text string }
		if err := json.Unmarshal(body, &asked); err != nil {
			return nil, errors.Wrap(err, `a request must be an object with the member "text"`)
		}
		return s.answer(ctx, asked.Text)
	})
}

//go:embed text.html.tmpl
var textSource string

var textTemplate = template.Must(template.New("text").Parse(textSource))

// A textView is what the page of a text is made from.
type textView struct {
	Style template.CSS
	Text  string
	Most  int
	Error string
	Said  string
	Marks []mark
	More  string
}

// A mark is a run of characters that surprised the network alike.
type mark struct {
	Text  string
	Level int // 0 for hardly to 4 for much
	Title string
}

func (s *textService) form(w http.ResponseWriter, r *http.Request) {
	posted, ok := localserve.Form(w, r, maxBody)
	if !ok {
		return
	}
	v := textView{Style: report.PageStyle(), Most: maxText}
	if posted {
		v.Text = r.PostForm.Get("text")
		if a, err := s.answer(r.Context(), v.Text); err != nil {
			v.Error = err.Error()
		} else {
			v.Said, v.Marks, v.More = a.Note, marks(a.reading), a.More
		}
	}
	// The client may be gone: nobody is left to tell.
	_ = textTemplate.Execute(w, v)
}

// surprises are the NLLs in nats from which a character is marked more.
var surprises = []float64{1, 2, 4, 6}

// marks returns the characters of a text with how much they surprised the network.
func marks(r *compare.Reading) []mark {
	var all []mark
	for i, c := range r.Characters {
		level, title := 0, ""
		for level < len(surprises) && r.NLL[i] > surprises[level] {
			level++
		}
		if level > 0 {
			title = fmt.Sprintf("%.1f nats", r.NLL[i])
		}
		if n := len(all); n > 0 && level == 0 && all[n-1].Level == 0 {
			all[n-1].Text += string(c)
			continue
		}
		all = append(all, mark{string(c), level, title})
	}
	return all
}
