package records

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pkg/errors"
)

// A result is a record whose trial is no more than a seed.
type result struct {
	Trial struct {
		Seed uint64 `json:"seed"`
	} `json:"trial"`
	Errors *int          `json:"errors"`
	Time   time.Duration `json:"time_ns"`
}

func (r result) Key() (string, error) { return fmt.Sprintf("%05d", r.Trial.Seed), nil }

func (r result) Check() error {
	if r.Errors == nil {
		return errors.New("errors must be there")
	}
	return nil
}

func some(seed uint64) (r result) {
	r.Trial.Seed, r.Errors = seed, new(int)
	return r
}

// keyOf returns the key of a result, which has no error.
func keyOf(r result) string {
	key, _ := r.Key()
	return key
}

// file returns a file in a new directory.
func file(t *testing.T) *File[result] {
	t.Helper()
	f, err := Open[result](filepath.Join(t.TempDir(), "records", "x.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFile(t *testing.T) {
	f := file(t)
	for _, seed := range []uint64{3, 1, 2} {
		if r, err := f.Find(keyOf(some(seed))); r != nil || err != nil {
			t.Fatalf("seed %d: want no record, got %+v, %v", seed, r, err)
		}
		if _, err := f.Add(some(seed)); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.SplitAfter(strings.TrimSuffix(string(data), "\n"), "\n") {
		if want := fmt.Sprintf(`"seed":%d}`, i+1); !strings.Contains(line, want) {
			t.Errorf("line %d must have %s, got %s", i+1, want, line)
		}
	}
	again, err := Open[result](f.Path())
	if err != nil {
		t.Fatal(err)
	}
	if all := again.All(); len(all) != 3 || all[0].Trial.Seed != 1 || all[2].Trial.Seed != 3 {
		t.Errorf("want all records in the order of the file, got %+v", all)
	}
	if r, err := again.Find(keyOf(some(2))); err != nil || r == nil || *r.Errors != 0 {
		t.Errorf("got %+v, %v", r, err)
	}
	// A record that another process keeps meanwhile is found, and is the one that stays.
	if _, err := f.Add(some(4)); err != nil {
		t.Fatal(err)
	}
	late := some(4)
	late.Time = time.Hour
	if r, err := again.Add(late); err != nil || r.Time != 0 {
		t.Errorf("want the first record, got %+v, %v", r, err)
	}
	if _, err := f.Add(some(5)); err != nil {
		t.Fatal(err)
	}
	if r, err := again.Find(keyOf(some(5))); err != nil || r == nil {
		t.Errorf("got %+v, %v", r, err)
	}
}

// A line that is no record is an error that names the file and the line, when the
// file is opened, looked at and added to, and the file stays as it is.
func TestDamagedRecords(t *testing.T) {
	f := file(t)
	for seed := range uint64(3) {
		if _, err := f.Add(some(seed)); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := os.ReadFile(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(strings.TrimSuffix(string(whole), "\n"), "\n")
	for _, tt := range []struct{ name, second, want string }{
		{"half a line", lines[1][:len(lines[1])/2] + "\n", ":2:"},
		{"two lines in one", strings.TrimSuffix(lines[1], "\n") + lines[0], ":2:"},
		{"an empty line", "\n", ":2: line must be the record of a trial, got an empty one"},
		{"zeros", strings.Repeat("\x00", 9) + "\n", ":2:1: "},
		{"an unknown key", strings.Replace(lines[1], `"seed":1`, `"seed":1,"sead":1`, 1), `unknown key "sead", did you mean "seed"?`},
		{"a key missing", strings.Replace(lines[1], `"seed":1`, "", 1), `key "seed" must be there`},
		{"a string for a number", strings.Replace(lines[1], `"seed":1`, `"seed":"1"`, 1), `:2:`},
		{"a conflict of git", "<<<<<<< HEAD\n", ":2:1: "},
		{"a trial twice", lines[0], ":2: trial must have one record, got it on line 1 too"},
		{"a record that lacks something", strings.Replace(lines[1], `"errors":0`, `"errors":null`, 1), ":2: errors must be there"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.second == lines[1] {
				t.Fatal("the line is not damaged")
			}
			damaged := lines[0] + tt.second + lines[2]
			if err := os.WriteFile(f.Path(), []byte(damaged), 0o666); err != nil {
				t.Fatal(err)
			}
			_, opened := Open[result](f.Path())
			_, found := f.Find(keyOf(some(7)))
			_, added := f.Add(some(7))
			for what, err := range map[string]error{"opened": opened, "looked at": found, "added to": added} {
				if err == nil || !strings.HasPrefix(err.Error(), f.Path()+":2:") || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%s: want %s:2 and %q, got %v", what, f.Path(), tt.want, err)
				}
			}
			if data, _ := os.ReadFile(f.Path()); string(data) != damaged {
				t.Errorf("the file must stay as it is, got\n%s", data)
			}
			if _, err := f.Find(keyOf(some(0))); err == nil {
				t.Error("a record of a damaged file must not be found")
			}
		})
	}
}

// TestRecordChild is no test but the process that TestKilledWriters kills: it adds
// records and writes the seed of each that is kept.
func TestRecordChild(t *testing.T) {
	path := os.Getenv("RECORDS_TEST_RECORDS")
	if path == "" {
		t.Skip("for TestKilledWriters")
	}
	first, err := strconv.ParseUint(os.Getenv("RECORDS_TEST_SEED"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Open[result](path)
	if err != nil {
		t.Fatal(err)
	}
	for seed := first; seed < first+1000; seed++ {
		if _, err := f.Add(some(seed)); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("kept %d\n", seed)
	}
}

// An output is what a process writes; began is closed when it begins to.
type output struct {
	text  bytes.Buffer
	began chan struct{}
	once  sync.Once
}

func (o *output) Write(p []byte) (int, error) {
	o.once.Do(func() { close(o.began) })
	return o.text.Write(p)
}

// Processes that write one file and are killed at any moment lose no record that was
// kept, and leave a file that reads and nothing else once another has opened it.
func TestKilledWriters(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Skip("the test program cannot be found: ", err)
	}
	f := file(t)
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	r := rand.New(rand.NewPCG(1, 2))
	var all bytes.Buffer
	for round := range rounds {
		outputs := []*output{{began: make(chan struct{})}, {began: make(chan struct{})}}
		children := make([]*exec.Cmd, len(outputs))
		for i := range children {
			c := exec.Command(program, "-test.run=^TestRecordChild$")
			c.Env = append(os.Environ(), "RECORDS_TEST_RECORDS="+f.Path(), fmt.Sprintf("RECORDS_TEST_SEED=%d", 1000*(2*round+i)))
			c.Stdout, c.Stderr = outputs[i], os.Stderr
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			children[i] = c
		}
		for i, c := range children {
			select {
			case <-outputs[i].began:
			case <-time.After(time.Minute):
				t.Error("a process keeps nothing for a minute")
			}
			time.Sleep(time.Duration(r.IntN(300)) * time.Millisecond)
			c.Process.Kill()
			c.Wait()
			io.Copy(&all, &outputs[i].text)
		}
	}
	again, err := Open[result](f.Path())
	if err != nil {
		t.Fatal(err)
	}
	kept := 0
	for line := range strings.Lines(all.String()) {
		var seed uint64
		if _, err := fmt.Sscanf(line, "kept %d\n", &seed); err != nil {
			continue // half a line, or the end of a test
		}
		kept++
		if r, err := again.Find(keyOf(some(seed))); err != nil || r == nil {
			t.Errorf("seed %d was kept and is lost: %v", seed, err)
		}
	}
	if kept < rounds {
		t.Fatalf("want records in every round, got %d in %d:\n%s", kept, rounds, all.String())
	}
	t.Logf("%d records kept over %d kills", kept, 2*rounds)
	files, err := os.ReadDir(filepath.Dir(f.Path()))
	if err != nil || len(files) != 2 {
		t.Errorf("want the file and its lock alone, got %v, %v", files, err)
	}
}
