package cmdline_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// No command colours what it writes, on any terminal, so that there is nothing for
// NO_COLOR to turn off. Lines are drawn again by two sequences alone, where Redraws
// lets them.
func TestNoColors(t *testing.T) {
	sequence := regexp.MustCompile(`\\(?:x1[bB]|033|u001[bB])\[[0-9;?%a-z]*[A-Za-z]`)
	found := 0
	for _, dir := range []string{"cmd", "examples", "internal", "report", "training"} {
		err := filepath.WalkDir(filepath.Join("..", "..", dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, s := range sequence.FindAllString(string(source), -1) {
				found++
				if last := s[len(s)-1]; !strings.ContainsRune("AJKHhl", rune(last)) {
					t.Errorf("%s writes %s, which is neither a move of the cursor nor the end of a line", path, s)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found == 0 {
		t.Error("the bars of training are drawn by sequences, none was found")
	}
}
