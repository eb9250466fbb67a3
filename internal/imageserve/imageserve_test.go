package imageserve

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/chromium"
	"github.com/gorgonia-dropout/dropout/internal/localserve"
	"github.com/gorgonia-dropout/dropout/internal/unlike"
	"github.com/gorgonia-dropout/dropout/mnist"
)

// ink is a classifier that tells much ink from little.
func ink() Classifier {
	return Classifier{
		Title: "Predict 0, 1", Classes: []string{"0", "1"}, Shape: []int{1, 28, 28}, Drawn: true, Passes: 50, Pixels: mnist.FromImage,
		Usual: &unlike.Usual{Examples: 100, Entropy: 0.5, Information: 0.1},
		Predict: func(_ context.Context, pixels []float32) ([]float64, float64, float64, error) {
			var sum float64
			for _, v := range pixels {
				sum += float64(v) / float64(len(pixels))
			}
			if sum > 0.1 {
				return []float64{0.9, 0.1}, 0.325, 0.01, nil
			}
			return []float64{0.4, 0.6}, 0.673, 0.2, nil
		},
	}
}

func serve(t *testing.T, c Classifier) *httptest.Server {
	t.Helper()
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(localserve.Guard(h))
	t.Cleanup(server.Close)
	return server
}

func picture(t *testing.T, width, height int, dark image.Rectangle) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			if !image.Pt(x, y).In(dark) {
				img.SetGray(x, y, color.Gray{Y: 255})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// claiming returns a small PNG whose header claims a size.
func claiming(t *testing.T, width, height uint32) []byte {
	t.Helper()
	b := picture(t, 10, 10, image.Rectangle{})
	// After the signature and the length and name of the header chunk; its sum comes last.
	binary.BigEndian.PutUint32(b[16:], width)
	binary.BigEndian.PutUint32(b[20:], height)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

func ask(t *testing.T, server *httptest.Server, method, path, host, origin string, body []byte) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, server.URL+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	res, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func TestService(t *testing.T) {
	server := serve(t, ink())
	thick := picture(t, 100, 100, image.Rect(30, 20, 70, 80))
	for _, tt := range []struct {
		name, method, path, host, origin string
		body                             []byte
		status                           int
		want                             string
	}{
		{"an image", "POST", "/predict", "", "", thick, 200, `"prediction":"0","probability":0.9`},
		{"what it saw", "POST", "/predict", "", "", thick, 200, `"input":"data:image/png;base64,`},
		{"like the training data", "POST", "/predict", "", "", thick, 200, `"unlike_training_data":false`},
		{"unlike it", "POST", "/predict", "", "", picture(t, 100, 100, image.Rect(49, 20, 51, 80)), 200, `"unlike_training_data":true`},
		{"a blank image", "POST", "/predict", "", "", picture(t, 50, 50, image.Rectangle{}), 400, "got a blank one"},
		{"no image", "POST", "/predict", "", "", []byte("hello"), 400, "must be a PNG"},
		{"nothing", "POST", "/predict", "", "", nil, 400, "must be a PNG"},
		{"many pixels in few bytes", "POST", "/predict", "", "", claiming(t, 8192, 4096), 400, "at most 16777216 pixels, got 8192 by 4096"},
		{"too much", "POST", "/predict", "", "", make([]byte, maxBody+1), 413, "at most"},
		{"GET", "GET", "/predict", "", "", nil, 405, "only POST"},
		{"the page", "GET", "/", "", "", nil, 200, "<canvas"},
		{"a form", "POST", "/", "", "", nil, 405, "only GET"},
		{"another path", "GET", "/etc/passwd", "", "", nil, 404, "not found"},
		{"another host", "GET", "/", "evil.example", "", nil, 403, "the host is not this one"},
		{"another origin", "POST", "/predict", "", "http://evil.example", thick, 403, "the host is not this one"},
	} {
		if status, body := ask(t, server, tt.method, tt.path, tt.host, tt.origin, tt.body); status != tt.status || !strings.Contains(body, tt.want) {
			t.Errorf("%s: must be %d with %q, got %d: %.300s", tt.name, tt.status, tt.want, status, body)
		}
	}
	// A network of photographs, of which it is not known what is usual.
	plain := ink()
	plain.Drawn, plain.Usual = false, nil
	server = serve(t, plain)
	if _, body := ask(t, server, "GET", "/", "", "", nil); strings.Contains(body, "<canvas") {
		t.Error("there must be no canvas for photographs")
	}
	var a answer
	if _, body := ask(t, server, "POST", "/predict", "", "", thick); json.Unmarshal([]byte(body), &a) != nil || a.Unlike != nil || len(a.Probabilities) != 2 {
		t.Errorf("what is not known must be null, got %s", body)
	}
}

// TestDrawing draws with the mouse and looks at the answer.
func TestDrawing(t *testing.T) {
	browser := chromium.Open(t)
	server := serve(t, ink())
	url := server.URL + "/"
	var seen struct {
		Width               float64
		Said, Unsure, Error string
		Input               int
	}
	look := func() {
		t.Helper()
		browser.Eval(`new Promise((done, lost) => {
			let left = 200;
			const look = () => {
				const error = document.getElementById("error");
				if (!document.getElementById("result").hidden && document.getElementById("input").complete || !error.hidden) done({
					width: document.documentElement.scrollWidth, said: document.getElementById("said").textContent,
					unsure: document.getElementById("unsure").textContent, error: error.hidden ? "" : error.textContent,
					input: document.getElementById("input").naturalWidth,
				});
				else if (left-- > 0) setTimeout(look, 50);
				else lost("no answer");
			};
			look();
		})`, &seen)
	}
	for _, width := range []int{360, 390, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			browser.Resize(width, scheme)
			browser.Load(url)
			browser.Drag(`document.getElementById("canvas")`, [2]float64{0.4, 0.2}, [2]float64{0.6, 0.2}, [2]float64{0.6, 0.8}, [2]float64{0.4, 0.8}, [2]float64{0.4, 0.25}, [2]float64{0.5, 0.5})
			look()
			if !strings.HasPrefix(seen.Said, "0, with probability 90.0 %") || !strings.Contains(seen.Unsure, "50 passes") || seen.Input != 28 || seen.Error != "" {
				t.Errorf("%d, %s: the answer must be shown, with an input of 28 pixels, got %+v", width, scheme, seen)
			}
			if seen.Width > float64(width) {
				t.Errorf("%d, %s: page must not be wider than the screen, got %v", width, scheme, seen.Width)
			}
			if faults := browser.Faults(url, "predict"); len(faults) > 0 {
				t.Errorf("%d, %s: want no errors, got %q", width, scheme, faults)
			}
			browser.Screenshot("draw-" + scheme + "-" + map[int]string{360: "360", 390: "390", 1280: "1280"}[width])
		}
	}
	// A dot on its own, and the field cleared.
	browser.Click(`document.getElementById("clear")`)
	var hidden bool
	browser.Eval(`document.getElementById("result").hidden`, &hidden)
	if !hidden {
		t.Error("a cleared field must have no answer")
	}
	browser.Click(`document.getElementById("canvas")`)
	look()
	if seen.Said == "" && seen.Error == "" {
		t.Errorf("a dot must have an answer, got %+v", seen)
	}
}

func TestPageIsAccessible(t *testing.T) {
	chromium.NeedAxe(t)
	browser := chromium.Open(t)
	url := serve(t, ink()).URL + "/"
	for _, scheme := range []string{"light", "dark"} {
		browser.Resize(1280, scheme)
		browser.Load(url)
		browser.Drag(`document.getElementById("canvas")`, [2]float64{0.4, 0.2}, [2]float64{0.6, 0.8})
		browser.Eval(`new Promise(done => { const look = () => document.getElementById("result").hidden ? setTimeout(look, 50) : done(true); look(); })`, new(bool))
		if found := browser.Axe(); len(found) > 0 {
			t.Errorf("%s: %q", scheme, found)
		}
	}
}
