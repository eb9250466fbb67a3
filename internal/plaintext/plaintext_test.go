package plaintext_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gorgonia-dropout/dropout/internal/plaintext"
)

func TestLine(t *testing.T) {
	for s, want := range map[string]string{
		"":                           "",
		"without dropout":            "without dropout",
		"größer 学 🙂 \uFFFD":          "größer 学 🙂 \uFFFD",
		"a\n mnist: all is well":     "a  mnist: all is well",
		"a\r\tb\u2028c\u2029d\u00a0": "a  b c d ",
		"a\x1b[2J\x00\x01\x7f":       "a\uFFFD[2J\uFFFD\uFFFD\uFFFD",
		"a\u009b2J":                  "a\uFFFD2J",
		"a\u202egnp.exe\u200b\ufeff": "a\uFFFDgnp.exe\uFFFD\uFFFD",
		"a\xff\xed\xa0\x80":          "a\uFFFD\uFFFD\uFFFD\uFFFD",
		"\ufffe\uffff":               "\uFFFD\uFFFD",
	} {
		if got := plaintext.Line(s); got != want {
			t.Errorf("%q: want %q, got %q", s, want, got)
		}
	}
}

// Whatever goes in, a line comes out that XML allows, and that does not change again.
func FuzzLine(f *testing.F) {
	for _, s := range []string{"a\n\x1b[2J", "\x00\ufffe\xff", "\u202e\u2028\ue000\U0010ffff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := plaintext.Line(s)
		if strings.ContainsAny(got, "\n\r\t\x1b\u2028\u2029") || !utf8.ValidString(got) || plaintext.Line(got) != got {
			t.Errorf("%q becomes %q", s, got)
		}
		if utf8.RuneCountInString(got) != utf8.RuneCountInString(s) {
			t.Errorf("%q of another length becomes %q", s, got)
		}
		var text strings.Builder
		if err := xml.EscapeText(&text, []byte(got)); err != nil {
			t.Fatal(err)
		}
		for d := xml.NewDecoder(strings.NewReader("<a>" + text.String() + "</a>")); ; {
			_, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%q: %v", got, err)
			}
		}
	})
}
