// Package imageserve serves a network that classifies images: a page to choose an image or
// draw a digit, which shows what the network gets to see of it and how sure it is, and JSON.
package imageserve

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed" // for the template and the script of the page
	"encoding/base64"
	"html/template"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/internal/localserve"
	"github.com/gorgonia-dropout/dropout/internal/plaintext"
	"github.com/gorgonia-dropout/dropout/internal/unlike"
	"github.com/gorgonia-dropout/dropout/report"
)

// The limits of a request: a photograph of a phone is far below them.
const (
	maxBody   = 1 << 24
	maxPixels = 1 << 24
)

// A Classifier is what is served.
type Classifier struct {
	Title   string
	Classes []string
	Shape   []int // of the inputs: channels, 1 or 3, height and width
	// Drawn says that the classes are written by hand, so that the page has room to draw.
	Drawn bool
	// Passes is the number of passes of Monte Carlo dropout, 0 for a network without.
	Passes int
	// Pixels makes the input of an image: values in [0, 1], channel by channel.
	Pixels func(image.Image) ([]float32, error)
	// Predict returns the probability of each class, their entropy, and their mutual
	// information with the network, in nats.
	Predict func(ctx context.Context, pixels []float32) (probabilities []float64, entropy, information float64, err error)
	// Usual is how unsure the network is of images that it was not trained on; nil where
	// that is not known.
	Usual *unlike.Usual
}

// An answer is what /predict returns.
type answer struct {
	Prediction    string  `json:"prediction"`
	Probability   float64 `json:"probability"`
	Probabilities []share `json:"probabilities"` // of all classes, in their order
	Entropy       float64 `json:"entropy_nats"`
	// Disagreement is the mutual information of the prediction and the network.
	Disagreement float64 `json:"model_uncertainty"`
	Passes       int     `json:"passes"`
	Unlike       *bool   `json:"unlike_training_data"` // null where that is not known
	Input        string  `json:"input"`                // what the network saw, a PNG as a data URI
}

type share struct {
	Class       string  `json:"class"`
	Probability float64 `json:"probability"`
}

// A service answers requests with a classifier.
type service struct {
	Classifier
	turn   localserve.Turn
	page   []byte
	policy string // of the page's content
}

var (
	//go:embed page.html.tmpl
	pageSource   string
	pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"line": plaintext.Line}).Parse(pageSource))
	//go:embed page.js
	script string
)

// New returns the handler of a classifier: the page at /, and JSON at /predict, to which
// images are posted as they are in their files.
func New(c Classifier) (http.Handler, error) {
	var b bytes.Buffer
	height, width := c.Shape[1], c.Shape[2]
	if err := pageTemplate.Execute(&b, struct {
		Classifier
		Style         template.CSS
		Script        template.JS
		Height, Width int
	}{c, report.PageStyle(), template.JS(script), height, width}); err != nil {
		return nil, errors.Wrap(err, "imageserve")
	}
	sum := sha256.Sum256([]byte(script))
	s := &service{c, localserve.NewTurn(), b.Bytes(), "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"}
	return localserve.Pages(s.form, s.predict), nil
}

func (s *service) form(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", s.policy)
	// The client may be gone: nobody is left to tell.
	_, _ = w.Write(s.page)
}

func (s *service) predict(w http.ResponseWriter, r *http.Request) {
	localserve.JSON(w, r, maxBody, "an image", func(ctx context.Context, file []byte) (any, error) {
		done, err := s.turn.Take(ctx)
		if err != nil {
			return nil, err
		}
		defer done()
		return s.answer(ctx, file)
	})
}

// answer classifies the image in a file.
func (s *service) answer(ctx context.Context, file []byte) (*answer, error) {
	if c, _, err := image.DecodeConfig(bytes.NewReader(file)); err == nil && c.Width > maxPixels/max(1, c.Height) {
		return nil, errors.Errorf("an image must have at most %d pixels, got %d by %d", maxPixels, c.Width, c.Height)
	}
	img, err := datasets.DecodeImage(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	pixels, err := s.Pixels(img)
	if err != nil {
		// The function that said so means nothing to who has drawn.
		return nil, errors.New(strings.TrimPrefix(err.Error(), "mnist: FromImage: "))
	}
	shares, entropy, information, err := s.Predict(ctx, pixels)
	if err != nil {
		return nil, err
	}
	a := &answer{Entropy: entropy, Disagreement: information, Passes: s.Passes}
	for k, p := range shares {
		a.Probabilities = append(a.Probabilities, share{s.Classes[k], p})
		if p > a.Probability {
			a.Prediction, a.Probability = s.Classes[k], p
		}
	}
	if s.Usual != nil {
		odd := s.Usual.Exceeds(entropy, information)
		a.Unlike = &odd
	}
	a.Input, err = DataURI(pixels, s.Shape)
	return a, err
}

// DataURI returns an image, of values in [0, 1] channel by channel, as a PNG in a data URI.
func DataURI(pixels []float32, shape []int) (string, error) {
	height, width := shape[1], shape[2]
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	n := height * width
	at := func(channel, i int) uint8 { return uint8(255*min(max(pixels[channel*n+i], 0), 1) + 0.5) }
	for i := range n {
		last := shape[0] - 1 // one channel is grey
		img.SetNRGBA(i%width, i/width, color.NRGBA{at(0, i), at(min(1, last), i), at(min(2, last), i), 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return "", err
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}
