package page

import (
	"strings"
	"testing"
)

// A table is written in Markdown, and can do without columns.
func TestTable(t *testing.T) {
	table := Table{Header: []string{"arm", "p", "error"}, Rows: [][]string{{"none", "–", "1.6"}, {"dropout", "0.5", "1.1"}}}
	var whole, shorter strings.Builder
	table.Write(&whole)
	table.Without("p", "arm").Write(&shorter)
	if want := "| arm | p | error |\n| --- | --- | --- |\n| none | – | 1.6 |\n| dropout | 0.5 | 1.1 |\n\n"; whole.String() != want {
		t.Errorf("got\n%s", whole.String())
	}
	if want := "| error |\n| --- |\n| 1.6 |\n| 1.1 |\n\n"; shorter.String() != want {
		t.Errorf("got\n%s", shorter.String())
	}
}
