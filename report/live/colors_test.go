package live

import (
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/training"
)

// An arm has the colour of its place among the arms, whichever comes first, and
// figures have no background of their own, so that cards are dark where pages are.
func TestColorsFollowArms(t *testing.T) {
	s := New("digits", "without dropout", "with dropout")
	done := &training.Run{Trainer: &training.Trainer{Epochs: 3}, History: &training.History{Epochs: []training.Epoch{{Loss: 2}, {Loss: 1}}}}
	color := func() string {
		e, _ := s.draw()
		if len(e.Figures) == 0 {
			t.Fatal("want figures")
		}
		svg := e.Figures[0].SVG
		if strings.Contains(strings.ReplaceAll(strings.ToUpper(svg), "VAR(--CARD,#FFFFFF)", ""), "#FFFFFF") {
			t.Errorf("a figure has a white background: %s", svg)
		}
		before, _, found := strings.Cut(svg, ">with dropout<")
		if !found {
			t.Fatalf("the arm is not drawn: %s", svg)
		}
		return before[strings.LastIndex(before, "var(--text")+len("var("):][:len("--text0")]
	}
	for _, arm := range []string{"with dropout", "without dropout"} {
		c := s.Watch(arm, 1)
		if err := c.OnStart(done); err != nil {
			t.Fatal(err)
		}
		if err := c.OnEpoch(done); err != nil {
			t.Fatal(err)
		}
		if got := color(); got != "--text1" {
			t.Errorf("after %s the arm with dropout has %s, want --text1", arm, got)
		}
	}
}
