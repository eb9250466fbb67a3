package analyzer_test

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/gorgonia-dropout/dropout/cmd/dropoutvet/analyzer"
)

// The packages of testdata see stubs of gorgonia, ops and models, so that the
// test needs no other files.
func TestAnalyzer(t *testing.T) {
	analysistest.RunWithSuggestedFixes(t, analysistest.TestData(), analyzer.Analyzer, "a", "b")
}

// A package of the name and shape of gorgonia's is not gorgonia.
func TestOtherDropouts(t *testing.T) {
	analysistest.Run(t, analysistest.TestData(), analyzer.Analyzer, "other", "github.com/gorgonia-dropout/dropout/ops")
}
