package compare

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/configfile"
	"github.com/gorgonia-dropout/dropout/internal/datafile"
	"github.com/gorgonia-dropout/dropout/internal/fulldisk"
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

// Keeps reports whether a store writes a file with this name, with slashes below its
// directory.
func Keeps(name string) bool {
	return name == trialsFile || path.Dir(name) == modelsDir && isModel(path.Base(name))
}

// isModel reports whether a name is that of the file of a trial's model.
func isModel(name string) bool {
	return strings.HasPrefix(name, "split-") && strings.HasSuffix(name, ".safetensors")
}

// Files returns the names of the files of the store, with slashes below its directory.
func (s *Store) Files() ([]string, error) {
	names := []string{trialsFile}
	entries, err := os.ReadDir(s.path(modelsDir))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, errors.Wrap(err, "compare")
	}
	for _, entry := range entries {
		if isModel(entry.Name()) {
			names = append(names, path.Join(modelsDir, entry.Name()))
		}
	}
	return names, nil
}

// Clean removes the temporary files that a killed process has left.
func (s *Store) Clean() error {
	names, err := s.Files()
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := atomicfile.Clean(s.path(filepath.FromSlash(name))); err != nil {
			return err
		}
	}
	return nil
}

// Trials returns the trials that are kept. A last line that was cut, as when a process is
// killed, is no trial.
func (s *Store) Trials() ([]Trial, error) {
	if s.Dir == "" {
		return nil, nil // it keeps nothing
	}
	f, err := datafile.Open(s.path(trialsFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, errors.Wrap(err, "compare")
	}
	defer f.Close()
	var trials []Trial
	lines := bufio.NewReaderSize(f, maxTrial)
	for {
		name := fmt.Sprintf("%s line %d", s.path(trialsFile), len(trials)+1)
		line, err := lines.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			return trials, nil
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, errors.Errorf("%s must have at most %d bytes, got more", name, maxTrial)
		case err != nil:
			return nil, errors.Wrap(err, "compare")
		}
		t, err := parseTrial(name, line)
		if err != nil {
			return nil, err
		}
		trials = append(trials, t)
	}
}

// A keptTrial is a line of the file: a trial and its checksum.
type keptTrial struct {
	Trial
	// Sum is the CRC-32 of the line as it would be without it.
	Sum string `json:"crc32"`
}

// line returns the line of a trial.
func line(t Trial) ([]byte, error) {
	b, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(b[:len(b)-1], `,"crc32":"%08x"}%s`, crc32.ChecksumIEEE(b), "\n"), nil
}

// parseTrial is the inverse of line.
func parseTrial(name string, text []byte) (Trial, error) {
	n, err := configfile.ParseJSON(name, text)
	if err != nil {
		return Trial{}, err
	}
	var kept keptTrial
	if err := n.DecodeAll(&kept); err != nil {
		return Trial{}, err
	}
	if again, err := line(kept.Trial); err != nil || !bytes.Equal(again, text) {
		return Trial{}, errors.Errorf("%s: checksum must be that of the trial: the file is damaged", name)
	}
	return kept.Trial, nil
}

// append keeps a trial.
func (s *Store) append(t Trial) error {
	text, err := line(t)
	if err != nil {
		return errors.Wrap(err, "compare")
	}
	name := s.path(trialsFile)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return errors.Wrap(err, "compare")
	}
	defer f.Close()
	end, err := wholeLines(f)
	if err == nil {
		_, err = f.Seek(end, io.SeekStart)
	}
	if err == nil {
		_, err = fulldisk.Writer(name, f).Write(text)
	}
	if err == nil {
		err = fulldisk.Fails(fulldisk.Sync, name)
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
		if name := entry.Name(); isModel(name) && !keep[name] {
			if err := os.Remove(filepath.Join(s.Dir, modelsDir, name)); err != nil {
				return errors.Wrap(err, "compare")
			}
		}
	}
	return nil
}
