package configfile_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/configfile"
)

// A type that reads JSON gets JSON, also from YAML, whose numbers may be written as those
// of JSON may not.
func TestJSONOfYAML(t *testing.T) {
	for text, want := range map[string]string{
		".5": "5e-01", "-.5": "-5e-01", "5.": "5e+00", "1.e5": "1e+05", "1.E5": "1e+05", "-1.e5": "-1e+05",
		"1.5": "1.5", "1.5e3": "1.5e3", "-2": "-2", "7": "7", "1e5": "1e5",
		"[1, 2, 3]": "[1,2,3]", "{b: 1, a: [x, true]}": `{"b":1,"a":["x",true]}`, "[]": "[]", "{}": "{}",
	} {
		t.Run(text, func(t *testing.T) {
			var got struct {
				A json.RawMessage `json:"a"`
			}
			if err := configfile.YAML("f", []byte("a: "+text+"\n"), &got); err != nil {
				t.Fatal(err)
			}
			if !json.Valid(got.A) || string(got.A) != want {
				t.Errorf("%s must be %s in JSON, got %s", text, want, got.A)
			}
		})
	}
}

// Lists may be as deep as is said, and no deeper, in both languages.
func TestDepth(t *testing.T) {
	for name, read := range map[string]func(string, []byte) (*configfile.Node, error){"JSON": configfile.ParseJSON, "YAML": configfile.ParseYAML} {
		t.Run(name, func(t *testing.T) {
			for deep, ok := range map[int]bool{999: true, 1000: true, 1001: false} {
				text := strings.Repeat("[", deep) + strings.Repeat("]", deep)
				if _, err := read("f", []byte(text)); (err == nil) != ok {
					t.Errorf("%d lists in each other must be read: %v, got %v", deep, ok, err)
				}
				text = strings.Repeat("[", deep) + "1" + strings.Repeat("]", deep)
				if _, err := read("f", []byte(text)); (err == nil) != ok {
					t.Errorf("a number in %d lists must be read: %v, got %v", deep, ok, err)
				}
			}
		})
	}
}

// An alias is no level of its own; one of what it stands in never ends, and is an error.
func TestDepthOfAliases(t *testing.T) {
	deep := "a: &a " + strings.Repeat("[", 998) + strings.Repeat("]", 998) + "\nb: [*a]\n"
	if _, err := configfile.ParseYAML("f", []byte(deep)); err != nil {
		t.Errorf("an alias must be read as what it stands for, 1000 deep, got %v", err)
	}
	for _, text := range []string{"&a [*a]", "a: &a {b: *a}"} {
		if _, err := configfile.ParseYAML("f", []byte(text)); err == nil {
			t.Errorf("%s has no end, and must be an error", text)
		}
	}
}

// DecodeAll wants every key but those that may be left out, by either word for it.
func TestOptionalKeys(t *testing.T) {
	var to struct {
		Must  int `json:"must"`
		Empty int `json:"empty,omitempty"`
		Zero  int `json:"zero,omitzero"`
		Both  int `json:"both,omitempty,string"`
	}
	for text, want := range map[string]string{
		`{"must": 1}`: "", `{"must": 1, "empty": 2, "zero": 3, "both": "4"}`: "",
		`{"empty": 2, "zero": 3}`: `key "must" must be there, got none`,
	} {
		n, err := configfile.ParseJSON("f", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := n.DecodeAll(&to); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want error %q, got %v", text, want, err)
		}
	}
	if to.Both != 4 || to.Zero != 3 {
		t.Errorf("what is given must be taken, got %+v", to)
	}
}

// A key is named whole up to 80 letters, and else by its beginning.
func TestLongKeys(t *testing.T) {
	for n, quoted := range map[int]bool{79: false, 80: false, 81: true} {
		key := strings.Repeat("k", n)
		var to struct {
			A map[string]int `json:"a"`
		}
		err := configfile.JSON("f", fmt.Appendf(nil, `{"a": {%q: "x"}}`, key), &to)
		if whole := "a." + key; err == nil || strings.Contains(err.Error(), whole) == quoted {
			t.Errorf("a key of %d letters must be cut: %v, got %v", n, quoted, err)
		}
	}
}
