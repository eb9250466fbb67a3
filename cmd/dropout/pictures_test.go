package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/localserve"
)

// writePictures writes images of two classes, light and dark, into folders called a and b.
func writePictures(t *testing.T, side int) string {
	t.Helper()
	dir := t.TempDir()
	for class := range 2 {
		folder := filepath.Join(dir, string(rune('a'+class)))
		if err := os.Mkdir(folder, 0o777); err != nil {
			t.Fatal(err)
		}
		for i := range 15 {
			img := image.NewGray(image.Rect(0, 0, side, side))
			for k := range img.Pix {
				// Dark at the border, as MNIST's.
				if x, y := k%side, k/side; x > 3 && y > 3 && x < side-4 && y < side-4 {
					img.Pix[k] = uint8(120*class + (k*i*7+k*k)%100)
				}
			}
			img.SetGray(4+i%4, 4+i/4, color.Gray{Y: 128})
			var b bytes.Buffer
			if err := png.Encode(&b, img); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, fmt.Sprint(i)+".png"), b.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

func TestPredictImages(t *testing.T) {
	dir, run := writePictures(t, 28), filepath.Join(t.TempDir(), "run")
	if out := compareQuickly(t, run, dir); !strings.Contains(strings.Join(strings.Fields(out), " "), "scaled to 28 by 28 pixels, in grey") {
		t.Errorf("small images of one size must keep it, got\n%s", out)
	}
	if page := readFile(t, filepath.Join(run, reportFile)); !strings.Contains(page, "Worst predictions") || !strings.Contains(page, `<img src="data:image/png;base64,`) {
		t.Error("report must show the images that were predicted worst")
	}
	out, log, code := command("predict", run, dir)
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil || code != 0 || len(rows) != 31 {
		t.Fatalf("30 images must be predicted, got %d: %v: %s%s", code, err, out, log)
	}
	if head := strings.Join(rows[0], ","); head != "file,prediction,probability,model_uncertainty,unlike_training_data" {
		t.Errorf("columns of images must be there, got %s", head)
	}
	if !strings.Contains(log, "Of 30 images in folders called as the classes") {
		t.Errorf("images of known classes must be judged, got %s", log)
	}
	one := filepath.Join(dir, "a", "3.png")
	if out := must(t, "predict", run, one, "--json"); !strings.Contains(out, `"file": "`) || !strings.Contains(out, `"prediction": "`) {
		t.Errorf("an image must be predicted, got %s", out)
	}
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"predict", run, filepath.Join(dir, "nothing.png")}, 2, "must be an image or a folder of images"},
		{[]string{"predict", run, t.TempDir()}, 2, "must have images, got none"},
		{[]string{"predict", run, one, "--continue", "5"}, 2, "not a run on a text"},
		{[]string{"compare", dir, "--images", "0"}, 2, "--images must be positive, got 0"},
		{[]string{"compare", dir, "--size", "30"}, 2, "--size must be a multiple of 4"},
	} {
		if _, log, code := command(tt.args...); code != tt.code || !strings.Contains(log, tt.want) {
			t.Errorf("%q: must exit with %d and say %q, got %d: %s", tt.args, tt.code, tt.want, code, log)
		}
	}
	t.Run("serve", func(t *testing.T) {
		f, err := runDir(run).final()
		if err != nil {
			t.Fatal(err)
		}
		h, _, err := (&serveCmd{Passes: 3}).handler(f)
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(localserve.Guard(h))
		defer server.Close()
		if page := fetch(t, server.URL, "", ""); !strings.Contains(page, "<canvas") {
			t.Errorf("classes of one letter can be drawn, got %.300s", page)
		}
		if answer := fetch(t, server.URL+"/predict", "image/png", readFile(t, one)); !strings.Contains(answer, `"prediction":"`) || !strings.Contains(answer, `"unlike_training_data":`) {
			t.Errorf("an image must be predicted, got %s", answer)
		}
		if answer := fetch(t, server.URL+"/predict", "image/png", blank(t)); !strings.Contains(answer, `{"error":"image must show a digit, got a blank one"}`) {
			t.Errorf("an empty field must be refused, got %s", answer)
		}
	})
}

func blank(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 40))); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// fetch gets a page or, with a body, posts it.
func fetch(t *testing.T, url, kind, body string) string {
	t.Helper()
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	r, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestMNISTFiles takes some of the images in files as MNIST's.
func TestMNISTFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"train", "t10k"} {
		var images, labels bytes.Buffer
		binary.Write(&images, binary.BigEndian, []uint32{0x803, 60, 28, 28})
		binary.Write(&labels, binary.BigEndian, []uint32{0x801, 60})
		for i := range 60 {
			for k := range 28 * 28 {
				images.WriteByte(byte(k * i % 251 * (k % 3 / 2)))
			}
			labels.WriteByte(byte(i % 3))
		}
		for file, b := range map[string]*bytes.Buffer{"-images-idx3-ubyte": &images, "-labels-idx1-ubyte": &labels} {
			if err := os.WriteFile(filepath.Join(dir, name+file), b.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	out := strings.Join(strings.Fields(must(t, "compare", dir, "--images", "45", "--dry-run")), " ")
	for _, want := range []string{"60 images of 3 classes (0, 1, 2), of 28 by 28 pixels, in grey.", "45 of them are used"} {
		if !strings.Contains(out, want) {
			t.Errorf("output must have %q, got %s", want, out)
		}
	}
	if _, log, code := command("compare", dir, "--size", "32", "--dry-run"); code != 2 || !strings.Contains(log, "--size must be left out") {
		t.Errorf("another size must be refused, got %d: %s", code, log)
	}
}

func TestPredictText(t *testing.T) {
	text := readFile(t, "../../datasets/opticks/opticks.txt")[:5000]
	folder := t.TempDir()
	for name, part := range map[string]string{"1.txt": text[:2500], "2.txt": text[2500:]} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(part), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	run := filepath.Join(t.TempDir(), "run")
	if out := compareQuickly(t, run, folder); !strings.Contains(out, "a text of 2 files") {
		t.Errorf("a folder of texts must be read, got\n%s", out)
	}
	if page := readFile(t, filepath.Join(run, reportFile)); strings.Count(page, "&#34; for ")+strings.Count(page, "&#39; for ") != mostWorst {
		t.Errorf("report must show %d passages that were predicted worst", mostWorst)
	}
	path := write(t, "new.txt", "The light of the Sun\n\nis Ω white\n")
	out, log, code := command("predict", run, path)
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil || code != 0 || len(rows) != 4 {
		t.Fatalf("3 lines must be read, got %d: %v: %s%s", code, err, out, log)
	}
	if head := strings.Join(rows[0], ","); head != "line,characters,nll,perplexity,model_uncertainty,text" || rows[1][1] != "20" || rows[3][1] != "10" {
		t.Errorf("lines must have 20 and 10 characters to predict, got %q", rows)
	}
	if !strings.Contains(log, "31 characters, NLL") || !strings.Contains(log, `1 character is left out, which the run has never seen: "Ω"`) {
		t.Errorf("the whole text must be judged, got %s", log)
	}
	a, b := must(t, "predict", run, path, "--continue", "30"), must(t, "predict", run, path, "--continue", "30")
	if a != b || len([]rune(a)) != 31 {
		t.Errorf("30 characters must be drawn by the seed, got %q and %q", a, b)
	}
	if c := must(t, "predict", run, path, "--continue", "30", "--seed", "2"); a == c {
		t.Errorf("another seed must draw others, got %q", c)
	}
	f, err := runDir(run).final()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(localserve.Guard(newTextService(f, 2)))
	defer server.Close()
	const form = "application/x-www-form-urlencoded"
	for _, tt := range []struct{ path, kind, body, want string }{
		{"/", "", "", "<textarea"},
		{"/", form, "text=The+light+%3Cb%3E", "How it would go on"},
		{"/", form, "text=%3Ci%3E+and+%3Cb%3E", "&lt;b&gt;</textarea>"},
		{"/", form, "text=a", `role="alert"`},
		{"/predict", "application/json", `{"text": "The light of the Sun"}`, `"characters":19,"nll":`},
		{"/predict", "application/json", `{"text": ""}`, "2 to 20000 characters, got 0"},
		{"/predict", "application/json", `[]`, "must be an object"},
		{"/nothing", "", "", "not found"},
	} {
		if got := fetch(t, server.URL+tt.path, tt.kind, tt.body); !strings.Contains(got, tt.want) {
			t.Errorf("%s %q: must have %q, got %s", tt.path, tt.body, tt.want, got)
		}
	}
}
