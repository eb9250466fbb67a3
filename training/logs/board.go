package logs

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"google.golang.org/protobuf/encoding/protowire"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
)

// A BoardOption adds to what [TensorBoard] records.
type BoardOption func(*board)

// WithHistograms records a histogram of each parameter after each epoch.
func WithHistograms() BoardOption { return func(b *board) { b.histograms = true } }

// WithGraph records the training graph of the model.
func WithGraph() BoardOption { return func(b *board) { b.graph = true } }

// WithSettings records the run's settings (hyperparameters) beside its final
// scores. Values are numbers, booleans and strings; others are written as fmt
// writes them.
func WithSettings(settings map[string]any) BoardOption {
	return func(b *board) { b.settings = maps.Clone(settings) }
}

// Field numbers of messages in summary.proto, graph.proto, node_def.proto and
// the hparams plugin's api.proto and plugin_data.proto.
const (
	eventGraph    = 4
	valueHisto    = 5
	valueMetadata = 9
	histogramBins = 30
)

// begin writes what a file begins with.
func (b *board) begin(r *training.Run) error {
	if err := writeRecord(b.w, versionEvent(now())); err != nil {
		return err
	}
	if b.graph {
		g, err := r.Trainer.Model.Build(models.Train, max(1, r.Trainer.BatchSize))
		if err != nil {
			return err
		}
		event := eventAt(now(), 0)
		if err := writeRecord(b.w, appendMessage(event, eventGraph, graphDef(g))); err != nil {
			return err
		}
	}
	if b.settings == nil {
		return nil
	}
	var start []byte
	for _, name := range slices.Sorted(maps.Keys(b.settings)) {
		value, _ := settingValue(b.settings[name])
		start = appendMessage(start, 1, appendMessage(appendText(nil, 1, name), 2, value))
	}
	start = appendDouble(start, 5, now())
	return b.plugin("_hparams_/session_start_info", appendMessage(nil, 3, start))
}

// epoch writes what belongs to an epoch besides its scalars.
func (b *board) epoch(r *training.Run, e training.Epoch) error {
	if b.settings != nil && !b.described {
		b.described = true
		if err := b.plugin("_hparams_/experiment", appendMessage(nil, 2, b.experiment(scalars(e)))); err != nil {
			return err
		}
	}
	if !b.histograms {
		return nil
	}
	return r.Trainer.Model.View(func() error {
		for _, p := range r.Trainer.Model.Params() {
			h, ok := histogram(p)
			if !ok {
				continue // no place on an axis for NaN and infinities
			}
			value := appendMessage(appendText(nil, valueTag, "parameters/"+p.Name()), valueHisto, h)
			if err := writeRecord(b.w, appendMessage(eventAt(now(), e.Step), eventSummary, appendMessage(nil, summaryValue, value))); err != nil {
				return err
			}
		}
		return nil
	})
}

// end says how the run ended.
func (b *board) end(r *training.Run) error {
	if b.settings == nil {
		return nil
	}
	const success, failure = 1, 2
	status := uint64(success)
	if r.Err != nil {
		status = failure
	}
	end := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), status)
	return b.plugin("_hparams_/session_end_info", appendMessage(nil, 4, appendDouble(end, 2, now())))
}

// experiment lists the settings with their types, and the metrics.
func (b *board) experiment(metrics map[string]float64) []byte {
	e := appendDouble(nil, 3, now())
	for _, name := range slices.Sorted(maps.Keys(b.settings)) {
		_, typ := settingValue(b.settings[name])
		info := protowire.AppendTag(appendText(nil, 1, name), 4, protowire.VarintType)
		e = appendMessage(e, 4, protowire.AppendVarint(info, typ))
	}
	for _, tag := range slices.Sorted(maps.Keys(metrics)) {
		e = appendMessage(e, 5, appendMessage(nil, 1, appendText(nil, 2, tag)))
	}
	return e
}

// plugin writes a summary of the hparams plugin, which has all in its metadata.
func (b *board) plugin(tag string, content []byte) error {
	data := appendMessage(appendText(nil, 1, "hparams"), 2, content)
	value := appendMessage(appendText(nil, valueTag, tag), valueMetadata, appendMessage(nil, 1, data))
	return writeRecord(b.w, appendMessage(eventAt(now(), 0), eventSummary, appendMessage(nil, summaryValue, value)))
}

// settingValue returns a google.protobuf.Value and its type in the plugin.
func settingValue(v any) (value []byte, typ uint64) {
	const text, boolean, number = 1, 2, 3
	switch v := v.(type) {
	case bool:
		return protowire.AppendVarint(protowire.AppendTag(nil, 4, protowire.VarintType), protowire.EncodeBool(v)), boolean
	case int:
		return appendDouble(nil, 2, float64(v)), number
	case uint64:
		return appendDouble(nil, 2, float64(v)), number
	case float64:
		return appendDouble(nil, 2, v), number
	case float32:
		return appendDouble(nil, 2, float64(v)), number
	}
	return appendText(nil, 3, fmt.Sprint(v)), text
}

// histogram returns a HistogramProto of a parameter, false if a value is not
// finite.
func histogram(p *models.Param) ([]byte, bool) {
	values, err := floats(p)
	if err != nil || len(values) == 0 {
		return nil, false
	}
	low, high, sum, squares := math.Inf(1), math.Inf(-1), 0.0, 0.0
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, false
		}
		low, high = min(low, v), max(high, v)
		sum, squares = sum+v, squares+float64(v*v)
	}
	limits, counts := make([]float64, histogramBins), make([]float64, histogramBins)
	width := (high - low) / histogramBins
	for i := range limits {
		limits[i] = low + float64(width*float64(i+1))
	}
	limits[histogramBins-1] = high
	for _, v := range values {
		i := 0
		if width > 0 {
			i = min(histogramBins-1, int((v-low)/width))
		}
		counts[i]++
	}
	var h []byte
	for field, v := range []float64{low, high, float64(len(values)), sum, squares} {
		h = appendDouble(h, protowire.Number(field+1), v)
	}
	return appendDoubles(appendDoubles(h, 6, limits), 7, counts), true
}

// floats returns the values of a parameter.
func floats(p *models.Param) ([]float64, error) {
	switch data := p.Value().Data().(type) {
	case []float64:
		return data, nil
	case []float32:
		wide := make([]float64, len(data))
		for i, v := range data {
			wide[i] = float64(v)
		}
		return wide, nil
	}
	return nil, errors.Errorf("parameter %s must be of float32 or float64, got %v", p.Name(), p.Value().Dtype())
}

// graphDef returns a GraphDef with a node for each of the graph's.
func graphDef(g *models.Graph) []byte {
	name := func(n *gorgonia.Node) string {
		if n.Op() == nil {
			return fmt.Sprintf("%s_%d", n.Name(), n.ID())
		}
		return fmt.Sprintf("%s_%d", operation(n), n.ID())
	}
	var def []byte
	for _, n := range g.AllNodes() {
		kind := "Parameter"
		if n.Op() != nil {
			kind = operation(n)
		} else if n == g.Input {
			kind = "Input"
		}
		node := appendText(appendText(nil, 1, name(n)), 2, kind)
		for children := g.From(n.ID()); children.Next(); {
			if child, ok := children.Node().(*gorgonia.Node); ok {
				node = appendText(node, 3, name(child))
			}
		}
		def = appendMessage(def, 1, node)
	}
	return def
}

// operation returns the name of a node's op in the letters that TensorFlow
// allows.
func operation(n *gorgonia.Node) string {
	letters := []rune{}
	kind, _, _ := strings.Cut(n.Op().String(), "{") // settings
	kind, _, _ = strings.Cut(kind, " 0x")           // which of several
	for _, r := range kind {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			letters = append(letters, r)
		}
	}
	if len(letters) == 0 {
		return "Op"
	}
	return string(letters)
}

func appendMessage(b []byte, field protowire.Number, message []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), message)
}

func appendText(b []byte, field protowire.Number, text string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), text)
}

func appendDouble(b []byte, field protowire.Number, v float64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(b, field, protowire.Fixed64Type), math.Float64bits(v))
}

// appendDoubles appends a packed list.
func appendDoubles(b []byte, field protowire.Number, values []float64) []byte {
	var packed []byte
	for _, v := range values {
		packed = protowire.AppendFixed64(packed, math.Float64bits(v))
	}
	return appendMessage(b, field, packed)
}
