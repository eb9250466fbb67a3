package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/gorgonia-dropout/dropout/internal/compare"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/logs"
)

// watch records a trial for TensorBoard, without its graph and histograms: there
// are hundreds of trials.
func (r *run) watch(t compare.Trial) []training.Callback {
	name := fmt.Sprintf("%s-split-%d-round-%d", strings.ReplaceAll(string(t.Arm), " ", "-"), t.Split+1, t.Round+1)
	settings := map[string]any{
		"arm": string(t.Arm), "hidden": t.Settings.Hidden, "lr": t.Settings.LR, "weight_decay": t.Settings.WeightDecay,
		"input_p": t.Settings.InputP, "hidden_p": t.Settings.HiddenP,
	}
	return []training.Callback{logs.TensorBoard(filepath.Join(r.board, name), 0, logs.WithSettings(settings))}
}
