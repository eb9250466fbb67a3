package report_test

import (
	"encoding/json"
	"io"
	"testing"

	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// Whatever the records of a run hold, a report is an error or written whole.
func FuzzReport(f *testing.F) {
	good, err := json.Marshal(runs())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`[{"arm": "without dropout", "seed": 1}, {"arm": "with dropout", "seed": 1, "history": null}]`))
	f.Add([]byte(`[{"arm": "without dropout", "history": {"train": {}, "test": {"examples": 0, "nll": 1e308}}}, {"arm": "with dropout", "history": {"epochs": [{"epoch": -5, "loss": -1e308}, {"epoch": 9007199254740993, "validation": {"examples": -1, "correct": 9}}], "train": {"examples": 1, "nll": -1e308}, "test": {"examples": 1, "correct": -1}, "time_ns": -1}}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var results []experiment.Result
		if json.Unmarshal(data, &results) != nil || len(results) > 12 {
			return
		}
		for _, r := range results {
			if r.History != nil && len(r.History.Epochs) > 50 {
				return
			}
		}
		c := comparison(results)
		_ = c.Finding()
		_ = c.WriteTable(io.Discard)
		_ = report.WriteCSV(io.Discard, results)
		_ = report.WriteJSON(io.Discard, results)
		_ = report.WriteCurves(io.Discard, report.SVG, results)
		_ = report.Page{Title: "t", Comparison: &c}.WriteHTML(io.Discard)
	})
}
