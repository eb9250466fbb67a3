package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/fulldisk"
	"github.com/gorgonia-dropout/dropout/internal/sums"
)

// trainedRun returns the directory of a small run.
func trainedRun(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	if out, log, code := command(append([]string{"--out", dir}, small...)...); code != 0 {
		t.Fatalf("exit %d\n%s%s", code, out, log)
	}
	return dir
}

// forgetSums removes the checksums of a run's files.
func forgetSums(t *testing.T, dir string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, sums.File)); err != nil {
		t.Fatal(err)
	}
}

// Results that cannot be written are a failure, as with mnist >/dev/full.
func TestFullOutput(t *testing.T) {
	dir := trainedRun(t)
	digit := filepath.Join(dir, "digit.png")
	drawDigit(t, digit)
	for _, args := range []string{
		"predict " + dir + " " + digit, "--json predict " + dir + " " + digit, "eval --passes 0 " + dir,
		"bench --hidden 4 --for 1ms", "explain --hidden 4", "report " + dir,
	} {
		for _, room := range []int{0, 20} {
			var log bytes.Buffer
			if code := commandLine().Execute(&cmdline.Console{Args: strings.Fields(args), Out: &fulldisk.Disk{Room: room}, Log: &log}); code != 1 || !strings.Contains(log.String(), "no space left on device") {
				t.Errorf("%s, room for %d bytes: want exit 1 and the reason, got %d and\n%s", args, room, code, log.String())
			}
		}
	}
}

// Damaged files of a run are one line that names the file, and what was there
// stays.
func TestDamagedRun(t *testing.T) {
	dir := trainedRun(t)
	forgetSums(t, dir) // which notices everything
	digit := filepath.Join(dir, "digit.png")
	drawDigit(t, digit)
	for _, tt := range []struct {
		file    string
		damage  func([]byte) []byte
		command string
	}{
		{"config.json", func(b []byte) []byte { return b[:len(b)/2] }, "eval"},
		{"config.json", func(b []byte) []byte { return nil }, "report"},
		{"config.json", func(b []byte) []byte { return bytes.Replace(b, []byte(`"hidden"`), []byte(`"hiddem"`), 1) }, "--resume"},
		{"config.json", func(b []byte) []byte { return bytes.Replace(b, []byte(`"epochs": 2`), []byte(`"epochs": -2`), 1) }, "--resume"},
		{"config.json", func(b []byte) []byte { return bytes.Replace(b, []byte(`cosine`), []byte(`coshne`), 1) }, "--resume"},
		{"config.json", func(b []byte) []byte { return bytes.Replace(b, []byte(`"momentum": 0.9,`), nil, 1) }, "--resume"},
		{"config.json", func(b []byte) []byte { return append(b, '}') }, "eval"},
		{"runs.json", func(b []byte) []byte { return b[:len(b)/2] }, "report"},
		{"runs.json", func(b []byte) []byte { return nil }, "report"},
		{"runs.json", func(b []byte) []byte { return bytes.Replace(b, []byte(`"seed": 1`), []byte(`"seed": -1`), 1) }, "report"},
		{"runs.json", func(b []byte) []byte { return bytes.Replace(b, []byte(`"steps":`), []byte(`"stebs":`), 1) }, "report"},
		{"runs.json", func(b []byte) []byte { return bytes.Replace(b, []byte(`"epoch": 1,`), []byte(`"epoch": 1.5,`), 1) }, "report"},
		{"runs/with-dropout-1/last.safetensors", func(b []byte) []byte { return b[:len(b)-1] }, "--resume"},
		{"runs/with-dropout-1/model.safetensors", func(b []byte) []byte { b[len(b)-1] ^= 128; return b }, "eval"},
		{"runs/with-dropout-1/model.safetensors", func(b []byte) []byte { return nil }, "predict"},
		{"runs/without-dropout-1/last.safetensors", func(b []byte) []byte { b[3] = 0xff; return b }, "--resume"},
	} {
		path := filepath.Join(dir, filepath.FromSlash(tt.file))
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		bad := tt.damage(bytes.Clone(good))
		if bytes.Equal(bad, good) {
			t.Fatalf("%s: the damage changes nothing", tt.file)
		}
		if err := os.WriteFile(path, bad, 0o666); err != nil {
			t.Fatal(err)
		}
		args := []string{tt.command, dir}
		if tt.command == "predict" {
			args = append(args, digit)
		}
		_, log, code := command(args...)
		last := log[strings.LastIndex(strings.TrimSpace(log), "\n")+1:]
		if code != 1 || !strings.Contains(log, path) || strings.Contains(log, "goroutine") {
			t.Errorf("%s of a damaged %s: want exit 1 and the file's name, got %d and\n%s", tt.command, tt.file, code, last)
		}
		if l, err := sums.Read(dir); err != nil || tt.command == "--resume" && len(l[tt.file]) > 0 {
			t.Errorf("%s keeps the checksum of a damaged %s, %v", tt.command, tt.file, err)
		}
		if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, bad) {
			t.Errorf("%s has changed a damaged %s", tt.command, tt.file)
		}
		if err := os.WriteFile(path, good, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, log, code := command("eval", dir, "--passes", "0"); code != 0 {
		t.Errorf("mended: exit %d\n%s", code, log)
	}
}

// A run that was stopped before its first checkpoint has nothing to test.
func TestEvalWithoutCheckpoints(t *testing.T) {
	dir := trainedRun(t)
	if err := os.RemoveAll(filepath.Join(dir, "runs")); err != nil {
		t.Fatal(err)
	}
	out, log, code := command("eval", dir)
	if code != 1 || out != "" || !strings.Contains(log, "must hold a trained network, got none yet") {
		t.Errorf("want exit 1 and the reason, got %d, %q and\n%s", code, out, log)
	}
}

// Images of any size are a digit or a reason, and never a crash.
func TestPredictOddImages(t *testing.T) {
	dir := trainedRun(t)
	write := func(name string, draw func(w io.Writer) error) string {
		path := filepath.Join(dir, name)
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := draw(f); err != nil {
			t.Fatal(err)
		}
		return path
	}
	picture := func(width, height int) func(io.Writer) error {
		m := image.NewGray(image.Rect(0, 0, width, height))
		for i := range m.Pix {
			m.Pix[i] = uint8(i % 251)
		}
		m.Set(width/2, height/2, color.White)
		return func(w io.Writer) error { return png.Encode(w, m) }
	}
	for _, size := range [][2]int{{1, 1}, {1, 2}, {1, 300}, {300, 1}, {37, 5}, {28, 28}, {28, 27}, {8192, 3}, {513, 511}} {
		path := write("odd.png", picture(size[0], size[1]))
		out, log, code := command("predict", dir, path, "--passes", "2")
		if good := code == 0 && strings.Contains(out, "shows a"); !good && (code != 1 || !strings.Contains(log, path+`": mnist: FromImage: image must `) || strings.Count(log, "\n") != 1) {
			t.Errorf("%v: exit %d\n%s%s", size, code, out, log)
		}
	}
	var whole bytes.Buffer
	if err := picture(40, 40)(&whole); err != nil {
		t.Fatal(err)
	}
	claim := bytes.Clone(whole.Bytes())
	copy(claim[16:], []byte{0, 0, 0x7f, 0xff}) // the width
	for name, data := range map[string][]byte{
		"empty": nil, "cut": whole.Bytes()[:whole.Len()/2], "claims to be wide": claim, "text": []byte("GIF89a but no more"),
	} {
		path := write("bad.png", func(w io.Writer) error { _, err := w.Write(data); return err })
		if _, log, code := command("predict", dir, path); code != 1 || !strings.Contains(log, path) || strings.Count(log, "\n") != 1 {
			t.Errorf("%s: want exit 1 and one line, got %d and\n%s", name, code, log)
		}
	}
}

// A run that cannot be kept does not begin.
func TestReadOnlyOut(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o755)
	if os.Geteuid() == 0 {
		// Root may write to any directory but those that the kernel makes.
		dir = "/sys/kernel"
		if _, err := os.Stat(dir); err != nil {
			t.Skip("root may write everywhere, and there is no /sys/kernel")
		}
	}
	out, log, code := command(append([]string{"--out", filepath.Join(dir, "run")}, small...)...)
	if code != 1 || out != "" || !strings.Contains(log, "--out: ") || !strings.Contains(log, dir) {
		t.Errorf("exit %d\n%s%s", code, out, log)
	}
}
