package opticks

import (
	"crypto/md5"
	"encoding/hex"
	"strings"
	"testing"
)

func TestLoad(t *testing.T) {
	if sum := md5.Sum([]byte(text)); hex.EncodeToString(sum[:]) != "a2c87e985b24115b85a59cb86a2ff148" {
		t.Errorf("MD5 of the file is %x", sum)
	}
	p, err := Load(64)
	if err != nil {
		t.Fatal(err)
	}
	train, validation, test := p.Train.IDs, p.Validation.IDs, p.Test.IDs
	if p.Vocabulary.Size() != 91 || len(train) != 510334 || len(validation) != 28352 || len(test) != 28352 {
		t.Errorf("got %d characters and parts of %d, %d and %d", p.Vocabulary.Size(), len(train), len(validation), len(test))
	}
	if p.Train.Len() != 7973 || p.Test.Len() != 442 {
		t.Errorf("got %d and %d windows", p.Train.Len(), p.Test.Len())
	}
	all, err := p.Vocabulary.Decode(append(append(append([]int(nil), train...), validation...), test...))
	if err != nil || all != Text() {
		t.Errorf("the parts are not the book: %v", err)
	}
	if !strings.Contains(all[:400], "OPTICKS") {
		t.Errorf("the book begins with %q", all[:400])
	}
}

func TestLoadRejects(t *testing.T) {
	for _, length := range []int{-1, 0, 28352} {
		if _, err := Load(length); err == nil || !strings.HasPrefix(err.Error(), "opticks: Load: length must be in [1, 28351], got ") {
			t.Errorf("length %d: got %v", length, err)
		}
	}
	if _, err := Load(28351); err != nil {
		t.Error(err)
	}
}

func TestBits(t *testing.T) {
	if got := Bits(0.6931471805599453); got != 1 {
		t.Errorf("got %v", got)
	}
}
