package models

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/datafile"
	"github.com/gorgonia-dropout/dropout/internal/tensorfile"
)

// A LoadOption changes a default of [Model.Load] and [Model.ReadSafetensors].
type LoadOption func(*loader)

// RenamePrefix replaces the prefix from of the names of the file's tensors by
// to: RenamePrefix("module.", "") for what PyTorch's DataParallel has saved. Of
// several that fit a name the first applies. It is an error if none of the
// file's names begins with from.
func RenamePrefix(from, to string) LoadOption {
	return func(l *loader) { l.prefixes = append(l.prefixes, prefix{from, to}) }
}

// Rename gives tensors of the file other names, from the file's (the keys) to
// the model's (the values), before any [RenamePrefix], which leaves them alone.
// It is an error if the file lacks one of the keys.
func Rename(names map[string]string) LoadOption {
	return func(l *loader) { maps.Copy(l.names, names) }
}

// Except leaves tensors alone, whatever the file has for them: the head of a
// network that gets other classes, for instance. A name is that of a tensor of
// the model or, if it ends with a dot, of a part of it. A name that fits
// nothing in the model is an error.
func Except(names ...string) LoadOption {
	return func(l *loader) { l.except = append(l.except, names...) }
}

// Partial loads what the file and the model have in common, as strict=False
// does in PyTorch, and reports what that was. Shapes must still agree; see
// [Except]. It is an error if they have no tensor in common.
func Partial(report *LoadReport) LoadOption {
	return func(l *loader) { l.report, l.partial = report, true }
}

// WithReport sets report to what was loaded.
func WithReport(report *LoadReport) LoadOption { return func(l *loader) { l.report = report } }

// AllowNonFinite accepts NaN and infinities, which are an error otherwise.
func AllowNonFinite() LoadOption { return func(l *loader) { l.nonFinite = true } }

// A LoadReport says what [Model.Load] has done. Its lists are sorted.
type LoadReport struct {
	Loaded     []string // the model's tensors that were set, by their names in the model
	Missing    []string // the model's that the file lacks: unchanged
	Left       []string // the model's that Except left alone
	Unexpected []string // the file's that the model lacks, by their names in the file
	Ignored    []string // the file's that are skipped: those of Except, and those that are not weights
}

// String counts the tensors in each list and names those that were not loaded.
func (r LoadReport) String() string {
	s := fmt.Sprintf("%d loaded", len(r.Loaded))
	for _, part := range []struct {
		what  string
		names []string
	}{{"missing", r.Missing}, {"left alone", r.Left}, {"unexpected", r.Unexpected}, {"ignored", r.Ignored}} {
		if len(part.names) > 0 {
			s += fmt.Sprintf(", %d %s: %q", len(part.names), part.what, part.names)
		}
	}
	return s
}

type prefix struct{ from, to string }

// A loader sets the tensors of a model from a file.
type loader struct {
	model     *Model
	prefixes  []prefix
	names     map[string]string
	except    []string
	partial   bool
	nonFinite bool
	report    *LoadReport
}

// Load reads the file at path as [Model.ReadSafetensors] does.
func (m *Model) Load(path string, opts ...LoadOption) error {
	f, err := datafile.Open(path)
	if err != nil {
		return errors.Wrap(err, "models: Load")
	}
	defer f.Close()
	return errors.Wrapf(m.read(f, opts), "models: Load: %s", path)
}

// ReadSafetensors sets the parameters and states from a file such as
// [Model.WriteSafetensors] writes, or PyTorch's safetensors for the same
// network. Checkpoints of package training/checkpoint are such files; their
// other state is ignored. Numbers of F16, BF16, F32 and F64 are converted to
// the model's type, F64 to float32 by rounding. BatchNorm's num_batches_tracked
// and Hugging Face's position_ids are ignored.
//
// The file must be undamaged, with finite numbers and exactly the names and
// shapes of the model's tensors; options relax this. Otherwise ReadSafetensors
// returns an error and changes nothing.
func (m *Model) ReadSafetensors(r io.Reader, opts ...LoadOption) error {
	return errors.Wrap(m.read(r, opts), "models: ReadSafetensors")
}

func (m *Model) read(r io.Reader, opts []LoadOption) error {
	l := &loader{model: m, names: make(map[string]string)}
	for _, opt := range opts {
		opt(l)
	}
	if err := m.checkValues(); err != nil {
		return err
	}
	f, err := tensorfile.Open(r)
	if err != nil {
		return err
	}
	weights, err := f.Weights()
	if err != nil {
		return err
	}
	// Names and shapes are compared before the data, of any size, are read.
	sources, report, err := l.match(weights)
	if err != nil {
		return err
	}
	if err := f.Load(); err != nil {
		return err
	}
	values := make(map[string]*tensor.Dense, len(sources))
	for name, from := range sources {
		d, err := weights[from].Dense(m.dtype)
		if err == nil && !l.nonFinite {
			err = allFinite(d)
		}
		if err != nil {
			return errors.Wrapf(err, "tensor %q", from)
		}
		values[name] = d
	}
	if err := m.set(values); err != nil {
		return err
	}
	if l.report != nil {
		*l.report = *report
	}
	return nil
}

// match returns the file's name for each tensor of the model that is to be set.
func (l *loader) match(file map[string]*tensorfile.Tensor) (map[string]string, *LoadReport, error) {
	shapes, err := l.model.shapes()
	if err != nil {
		return nil, nil, err
	}
	named, err := l.rename(file)
	if err != nil {
		return nil, nil, err
	}
	for _, part := range l.except {
		if !anyIn(maps.Keys(shapes), part) {
			return nil, nil, errors.Errorf("Except: name must be that of a tensor of the model or, with a dot at its end, of a part, got %q", part)
		}
	}
	report := &LoadReport{}
	sources := make(map[string]string)
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		from, ok := named[name]
		switch t := file[from]; {
		case l.excepted(name):
			report.Left = append(report.Left, name)
		case !ok:
			report.Missing = append(report.Missing, name)
		case !t.Type.Float():
			return nil, nil, errors.Errorf("tensor %q must be of F16, BF16, F32 or F64, got %s", from, t.Type)
		case !slices.Equal(t.Shape, shapes[name]):
			return nil, nil, errors.Errorf("tensor %q must have shape %v, got %v", from, shapes[name], t.Shape)
		default:
			sources[name] = from
			report.Loaded = append(report.Loaded, name)
		}
	}
	for name, from := range named {
		switch {
		case l.excepted(name), shapes[name] == nil && extra(name):
			report.Ignored = append(report.Ignored, from)
		case shapes[name] == nil:
			report.Unexpected = append(report.Unexpected, from)
		}
	}
	slices.Sort(report.Ignored)
	slices.Sort(report.Unexpected)
	switch {
	case l.partial && len(sources) == 0:
		return nil, nil, errors.Errorf("file must have one of the model's tensors, such as %s, got none of them among its %d", first(shapes), len(file))
	case !l.partial && len(report.Missing) > 0:
		return nil, nil, errors.Errorf("file must have the model's tensor %s, got none", report.Missing[0])
	case !l.partial && len(report.Unexpected) > 0:
		return nil, nil, errors.Errorf("file must have the model's tensors only, got %q", report.Unexpected[0])
	}
	return sources, report, nil
}

// rename returns the file's names by the names that the options give them.
func (l *loader) rename(file map[string]*tensorfile.Tensor) (map[string]string, error) {
	for _, p := range l.prefixes {
		if !anyWith(maps.Keys(file), p.from) {
			return nil, errors.Errorf("RenamePrefix: prefix must be that of one of the file's tensors, got %q", p.from)
		}
	}
	for _, from := range slices.Sorted(maps.Keys(l.names)) {
		if file[from] == nil {
			return nil, errors.Errorf("Rename: file must have the tensor %q, got none", from)
		}
	}
	named := make(map[string]string, len(file))
	for _, from := range slices.Sorted(maps.Keys(file)) {
		name, ok := l.names[from]
		if !ok {
			name = from
			for _, p := range l.prefixes {
				if rest, ok := strings.CutPrefix(from, p.from); ok {
					name = p.to + rest
					break
				}
			}
		}
		if other, ok := named[name]; ok {
			return nil, errors.Errorf("tensors must have different names after they are renamed, got %q of both %q and %q", name, other, from)
		}
		named[name] = from
	}
	return named, nil
}

func (l *loader) excepted(name string) bool {
	return slices.ContainsFunc(l.except, func(part string) bool { return in(name, part) })
}

// extra reports whether a tensor that the model lacks is known not to be a
// weight: a counter that PyTorch keeps and does not require, or a table of 0,
// 1, 2, ...
func extra(name string) bool {
	last := name[strings.LastIndex(name, ".")+1:]
	return last == "num_batches_tracked" || last == "position_ids"
}

func anyWith(names func(func(string) bool), prefix string) bool {
	for name := range names {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// first returns the first name.
func first(shapes map[string]tensor.Shape) string {
	names := slices.Sorted(maps.Keys(shapes))
	if len(names) == 0 {
		return "none"
	}
	return names[0]
}

// allFinite returns an error that names the first number that is not finite.
func allFinite(d *tensor.Dense) error {
	check := func(i int, v float64) error {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return errors.Errorf("numbers must be finite unless AllowNonFinite is given, got %v at %d", v, i)
		}
		return nil
	}
	if d.Dtype() == tensor.Float32 {
		for i, v := range d.Float32s() {
			if err := check(i, float64(v)); err != nil {
				return err
			}
		}
		return nil
	}
	for i, v := range d.Float64s() {
		if err := check(i, v); err != nil {
			return err
		}
	}
	return nil
}
