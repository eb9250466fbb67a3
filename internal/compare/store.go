package compare

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/configfile"
	"github.com/gorgonia-dropout/dropout/models"
)

// A Store keeps the trials of an experiment and the models that may be needed, in a
// directory. One without keeps nothing.
type Store struct{ Dir string }

const (
	trialsFile = "trials.jsonl"
	modelsDir  = "models"
	maxTrial   = 1 << 20 // bytes of a line
)

func (s *Store) path(name string) string { return filepath.Join(s.Dir, name) }

// Trials returns the trials that are kept. A last line that was cut, as when a process is
// killed, is no trial.
func (s *Store) Trials() ([]Trial, error) {
	if s.Dir == "" {
		return nil, nil // it keeps nothing
	}
	data, err := os.ReadFile(s.path(trialsFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, errors.Wrap(err, "compare")
	}
	var trials []Trial
	data = data[:bytes.LastIndexByte(data, '\n')+1]
	for text := range bytes.Lines(data) {
		n, err := configfile.ParseJSON(fmt.Sprintf("%s line %d", s.path(trialsFile), len(trials)+1), text)
		if err != nil {
			return nil, err
		}
		var t Trial
		if err := n.DecodeAll(&t); err != nil {
			return nil, err
		}
		trials = append(trials, t)
	}
	return trials, nil
}

// append keeps a trial.
func (s *Store) append(t Trial) error {
	line, err := json.Marshal(t)
	if err != nil {
		return errors.Wrap(err, "compare")
	}
	f, err := os.OpenFile(s.path(trialsFile), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return errors.Wrap(err, "compare")
	}
	defer f.Close()
	end, err := wholeLines(f)
	if err == nil {
		_, err = f.WriteAt(append(line, '\n'), end)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Wrap(err, "compare")
}

// wholeLines returns the size of a file up to its last whole line, and cuts off the rest.
func wholeLines(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	from := max(0, info.Size()-maxTrial)
	tail := make([]byte, info.Size()-from)
	if _, err := f.ReadAt(tail, from); err != nil && len(tail) > 0 && !errors.Is(err, io.EOF) {
		return 0, err
	}
	end := from + int64(bytes.LastIndexByte(tail, '\n')+1)
	if end < info.Size() {
		return end, f.Truncate(end)
	}
	return end, nil
}

// modelName returns the file of a trial's model.
func modelName(t Trial) string {
	return fmt.Sprintf("split-%d-%s-%d.safetensors", t.Split+1, strings.Fields(string(t.Arm))[0], t.Round+1)
}

func (s *Store) modelPath(t Trial) string { return filepath.Join(s.Dir, modelsDir, modelName(t)) }

func (s *Store) saveModel(m *models.Model, t Trial) error {
	if err := os.MkdirAll(s.path(modelsDir), 0o777); err != nil {
		return errors.Wrap(err, "compare")
	}
	return m.Save(s.modelPath(t))
}

// keepModel keeps the model that another process has trained, in safetensors.
func (s *Store) keepModel(model []byte, t Trial) error {
	if err := os.MkdirAll(s.path(modelsDir), 0o777); err != nil {
		return errors.Wrap(err, "compare")
	}
	return atomicfile.Write(s.modelPath(t), func(w io.Writer) error {
		_, err := w.Write(model)
		return err
	})
}

// prune removes the models of all trials but those that are given.
func (s *Store) prune(kept []Trial) error {
	keep := make(map[string]bool)
	for _, t := range kept {
		keep[modelName(t)] = true
	}
	entries, err := os.ReadDir(s.path(modelsDir))
	if err != nil {
		return errors.Wrap(err, "compare")
	}
	for _, entry := range entries {
		if name := entry.Name(); strings.HasPrefix(name, "split-") && strings.HasSuffix(name, ".safetensors") && !keep[name] {
			if err := os.Remove(filepath.Join(s.Dir, modelsDir, name)); err != nil {
				return errors.Wrap(err, "compare")
			}
		}
	}
	return nil
}
