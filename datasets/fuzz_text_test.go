package datasets_test

import (
	"testing"
	"unicode/utf8"

	"github.com/gorgonia-dropout/dropout/datasets"
)

// Any text of UTF-8 comes back, and any windows over it hold it; what is not UTF-8 is
// an error.
func FuzzText(f *testing.F) {
	f.Add("hello, žluťoučký kůň", 3, 0)
	f.Add("\xff\x00a", 1, 1)
	f.Add("", 0, -1)
	f.Add("abcdefgh", 1<<62, 1<<62)
	f.Add("abcdefgh", -1<<63, 2)
	f.Fuzz(func(t *testing.T, text string, length, stride int) {
		v, err := datasets.NewVocabulary(text)
		if (err != nil) != (text == "" || !utf8.ValidString(text)) {
			t.Fatalf("%q: %v", text, err)
		}
		if err != nil {
			return
		}
		ids, err := v.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := v.Decode(ids); err != nil || again != text {
			t.Fatalf("%q came back as %q, %v", text, again, err)
		}
		w := &datasets.Windows{IDs: ids, Length: length, Stride: stride}
		n := w.Len()
		if n < 0 || n > len(ids) {
			t.Fatalf("%d windows in %d ids", n, len(ids))
		}
		if n == 0 {
			return
		}
		x, y := make([]float32, 2*length), make([]int, 2*length)
		if err := w.Gather([]int{n - 1, 0}, x, y); err != nil {
			t.Fatal(err)
		}
		step := stride
		if step == 0 {
			step = length
		}
		for j := range length {
			if from := (n - 1) * step; int(x[j]) != ids[from+j] || y[j] != ids[from+j+1] || int(x[length+j]) != ids[j] {
				t.Fatalf("window %d of %d ids is not there", n-1, length)
			}
		}
		if err := w.Gather([]int{n}, x[:length], y[:length]); err == nil {
			t.Fatal("a window after the last must be an error")
		}
	})
}
