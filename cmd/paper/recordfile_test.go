package main

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
	"testing"
	"time"

	"github.com/gorgonia-dropout/dropout/training"
)

func someRecord(seed uint64) record {
	m := &training.Metrics{Examples: 10, NLL: 0.5, Correct: 9}
	return record{Trial: trial{Version: version, Arm: plain("some", 8), Seed: seed}, History: &training.History{Steps: 4, Train: m, Test: m}}
}

func keyOf(t *testing.T, r record) string {
	t.Helper()
	key, err := r.key()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// records returns a file in a new directory.
func records(t *testing.T) *recordFile[record] {
	t.Helper()
	f, err := openRecords[record](filepath.Join(t.TempDir(), "records", "x.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestRecordFile(t *testing.T) {
	f := records(t)
	for _, seed := range []uint64{3, 1, 2} {
		if r, err := f.find(keyOf(t, someRecord(seed))); r != nil || err != nil {
			t.Fatalf("seed %d: want no record, got %+v, %v", seed, r, err)
		}
		if _, err := f.add(someRecord(seed)); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(f.path)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.SplitAfter(strings.TrimSuffix(string(data), "\n"), "\n") {
		if want := fmt.Sprintf(`"seed":%d,`, i+1); !strings.Contains(line, want) {
			t.Errorf("line %d must have %s, got %s", i+1, want, line)
		}
	}
	again, err := openRecords[record](f.path)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := again.find(keyOf(t, someRecord(2))); err != nil || r == nil || r.History.Test.Correct != 9 {
		t.Errorf("got %+v, %v", r, err)
	}
	// A record that another process keeps meanwhile is found, and is the one that stays.
	if _, err := f.add(someRecord(4)); err != nil {
		t.Fatal(err)
	}
	late := someRecord(4)
	late.Time = time.Hour
	if r, err := again.add(late); err != nil || r.Time != 0 {
		t.Errorf("want the first record, got %+v, %v", r, err)
	}
	if _, err := f.add(someRecord(5)); err != nil {
		t.Fatal(err)
	}
	if r, err := again.find(keyOf(t, someRecord(5))); err != nil || r == nil {
		t.Errorf("got %+v, %v", r, err)
	}
}

// A line that is no record is an error that names the file and the line, when the
// file is opened, looked at and added to, and the file stays as it is.
func TestDamagedRecords(t *testing.T) {
	f := records(t)
	for seed := range uint64(3) {
		if _, err := f.add(someRecord(seed)); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := os.ReadFile(f.path)
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
		{"a key missing", strings.Replace(lines[1], `"seed":1,`, "", 1), `key "seed" must be there`},
		{"a string for a number", strings.Replace(lines[1], `"seed":1`, `"seed":"1"`, 1), `:2:`},
		{"a conflict of git", "<<<<<<< HEAD\n", ":2:1: "},
		{"a trial twice", lines[0], ":2: trial must have one record, got it on line 1 too"},
		{"no history", strings.Replace(lines[1], `"history":{"epochs":null,"steps":4`, `"history":null,"x":{"steps":4`, 1), ":2:"},
		{"no test", strings.Replace(lines[1], `,"test":{"examples":10,"nll":0.5,"correct":9}`, "", 1), ":2: history must have train and test"},
		{"diverged at its end", strings.Replace(lines[1], `,"time_ns":0}`+"\n", `,"diverged":"NaN","time_ns":0}`+"\n", 1), ":2: diverged must be of a trial to choose a rate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.second == lines[1] {
				t.Fatal("the line is not damaged")
			}
			damaged := lines[0] + tt.second + lines[2]
			if err := os.WriteFile(f.path, []byte(damaged), 0o666); err != nil {
				t.Fatal(err)
			}
			_, opened := openRecords[record](f.path)
			_, found := f.find(keyOf(t, someRecord(7)))
			_, added := f.add(someRecord(7))
			for what, err := range map[string]error{"opened": opened, "looked at": found, "added to": added} {
				if err == nil || !strings.HasPrefix(err.Error(), f.path+":2:") || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%s: want %s:2 and %q, got %v", what, f.path, tt.want, err)
				}
			}
			if data, _ := os.ReadFile(f.path); string(data) != damaged {
				t.Errorf("the file must stay as it is, got\n%s", data)
			}
			if _, err := f.find(keyOf(t, someRecord(0))); err == nil {
				t.Error("a record of a damaged file must not be found")
			}
		})
	}
}

// TestRecordChild is no test but the process that TestKilledWriters kills: it adds
// records and writes the seed of each that is kept.
func TestRecordChild(t *testing.T) {
	path := os.Getenv("PAPER_TEST_RECORDS")
	if path == "" {
		t.Skip("for TestKilledWriters")
	}
	first, err := strconv.ParseUint(os.Getenv("PAPER_TEST_SEED"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	f, err := openRecords[record](path)
	if err != nil {
		t.Fatal(err)
	}
	for seed := first; seed < first+1000; seed++ {
		if _, err := f.add(someRecord(seed)); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("kept %d\n", seed)
	}
}

// Processes that write one file and are killed at any moment lose no record that was
// kept, and leave a file that reads and nothing else once another has opened it.
func TestKilledWriters(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Skip("the test program cannot be found: ", err)
	}
	f := records(t)
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	r := rand.New(rand.NewPCG(1, 2))
	var all bytes.Buffer
	for round := range rounds {
		outputs := make([]bytes.Buffer, 2)
		children := make([]*exec.Cmd, len(outputs))
		for i := range children {
			c := exec.Command(program, "-test.run=^TestRecordChild$")
			c.Env = append(os.Environ(), "PAPER_TEST_RECORDS="+f.path, fmt.Sprintf("PAPER_TEST_SEED=%d", 1000*(2*round+i)))
			c.Stdout, c.Stderr = &outputs[i], os.Stderr
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			children[i] = c
		}
		for i, c := range children {
			time.Sleep(time.Duration(200+r.IntN(300)) * time.Millisecond)
			c.Process.Kill()
			c.Wait()
			io.Copy(&all, &outputs[i])
		}
	}
	again, err := openRecords[record](f.path)
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
		if r, err := again.find(keyOf(t, someRecord(seed))); err != nil || r == nil {
			t.Errorf("seed %d was kept and is lost: %v", seed, err)
		}
	}
	if kept < rounds {
		t.Fatalf("want records in every round, got %d in %d:\n%s", kept, rounds, all.String())
	}
	t.Logf("%d records kept over %d kills", kept, 2*rounds)
	files, err := os.ReadDir(filepath.Dir(f.path))
	if err != nil || len(files) != 2 {
		t.Errorf("want the file and its lock alone, got %v, %v", files, err)
	}
}
