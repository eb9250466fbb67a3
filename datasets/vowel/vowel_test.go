package vowel

import (
	"crypto/md5"
	"encoding/hex"
	"slices"
	"testing"
)

func TestLoad(t *testing.T) {
	if sum := md5.Sum([]byte(file)); hex.EncodeToString(sum[:]) != "3ddba9ea826c7af470142914f11f7c18" {
		t.Errorf("MD5 of the file is %x", sum)
	}
	table, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if table.Len() != 990 || len(table.Columns) != 9 || len(table.Classes) != 11 || len(table.GroupNames) != 15 || table.X[0] != -3.639 {
		t.Errorf("got %d rows of %q in %q by %q", table.Len(), table.Columns, table.Classes, table.GroupNames)
	}
	said := make(map[[2]int]int)
	for i, y := range table.Y {
		said[[2]int{table.Groups[i], y}]++
	}
	for what, n := range said {
		if n != 6 {
			t.Errorf("speaker %d said vowel %d %d times, want 6", what[0], what[1], n)
		}
	}
	if len(said) != 15*11 {
		t.Errorf("got %d pairs of speaker and vowel, want 165", len(said))
	}
}

func TestSplit(t *testing.T) {
	table, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	train, test := Split(table)
	if len(train) != 528 || len(test) != 462 {
		t.Errorf("got %d to train on and %d to test on, want 528 and 462", len(train), len(test))
	}
	for _, i := range train {
		if !slices.Contains(TrainSpeakers(), table.Groups[i]) || table.GroupNames[table.Groups[i]] > "7" {
			t.Fatalf("example %d of speaker %s is trained on", i, table.GroupNames[table.Groups[i]])
		}
	}
}
