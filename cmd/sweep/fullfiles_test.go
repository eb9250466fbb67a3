package main

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/fulldisk/points"
	"github.com/gorgonia-dropout/dropout/internal/sweep/queue"
)

// contents returns the files below a directory, by their names there.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, dir)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestFullFiles fails each step of each file of results on a disk that is full or broken:
// one line says why, nothing half-written is left, and the same command writes all of it
// once there is room.
func TestFullFiles(t *testing.T) {
	c := newCluster(t, 1)
	spec := filepath.Join(t.TempDir(), "spec.yaml")
	if err := os.WriteFile(spec, []byte("name: full\nsettings: {train: 100, validation: 100, hidden: [4], epochs: 1, keep_model: true}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	whole := filepath.Join(t.TempDir(), "whole")
	if _, log, code := command(t, "run", spec, "--grid", "p=0,0.5", "--workers", "0", "--store", c.store, "--out", whole); code != 0 {
		t.Fatalf("%d: %s", code, log)
	}
	write := func(dir string) (string, int) {
		_, log, code := command(t, "results", "full", "--store", c.store, "--out", dir)
		return log, code
	}
	places := points.Of(func() {
		if log, code := write(whole); code != 0 {
			t.Fatalf("%d: %s", code, log)
		}
	})
	files, want := make(map[string]bool), contents(t, whole)
	for _, at := range places {
		files[at.File] = true
	}
	if len(files) < 6 || !files["model.safetensors"] {
		t.Errorf("want the steps of all files, got %v", places)
	}
	places = points.Some(places, 5)
	dir := filepath.Join(t.TempDir(), "out")
	for i, at := range places {
		err := points.Errors[i%2]
		points.Command(t, at, err, func() (string, int) { return write(dir) })
		for name, text := range contents(t, dir) {
			if text != want[name] {
				t.Errorf("%v: want nothing half-written, got %s", at, name)
			}
		}
		if log, code := write(dir); code != 0 {
			t.Errorf("%v: must be written once there is room, got %d and\n%s", at, code, log)
		}
		if got := contents(t, dir); !maps.Equal(got, want) {
			t.Errorf("%v: want all files as without the fault, got others", at)
		}
	}
	t.Logf("%d failing steps of %d files (all with %s=1)", len(places), len(files), points.EveryVariable)
}

// TestFullStore fails each step of what a server keeps in its store besides its messages, the
// lock and how it is reached: one line says why, nothing half-written is left, and a server
// starts once there is room.
func TestFullStore(t *testing.T) {
	serve := func(store string) error {
		s, err := queue.StartServer(queue.ServerConfig{Store: store})
		if err == nil {
			s.Close()
		}
		return err
	}
	places := points.Of(func() {
		if err := serve(filepath.Join(t.TempDir(), "store")); err != nil {
			t.Fatal(err)
		}
	})
	if len(places) != 5 {
		t.Errorf("want one step of the lock and four of the connection, got %v", places)
	}
	tries := 0
	for i, at := range places {
		for _, args := range [][]string{{"server"}, {"run", "--name", "full", "--grid", "p=0", "--out", t.TempDir()}, {"status"}} {
			store := filepath.Join(t.TempDir(), "store")
			if args[0] == "status" { // which starts a server only for a store that there is
				if err := serve(store); err != nil {
					t.Fatal(err)
				}
			}
			tries++
			points.Command(t, at, points.Errors[i%2], func() (string, int) {
				_, log, code := command(t, append(args, "--store", store)...)
				if strings.Count(log, "\n") != 1 {
					t.Errorf("%v: %s: want one line, got\n%s", at, args[0], log)
				}
				return log, code
			})
			if left, err := filepath.Glob(filepath.Join(store, "*connection.json*")); err != nil || len(left) > 0 {
				t.Errorf("%v: %s: nothing must be left, got %q, %v", at, args[0], left, err)
			}
			if left, err := filepath.Glob(filepath.Join(store, ".*")); err != nil || len(left) > 0 {
				t.Errorf("%v: %s: nothing half-written must be left, got %q, %v", at, args[0], left, err)
			}
			if err := serve(store); err != nil {
				t.Errorf("%v: %s: a server must start once there is room, got %v", at, args[0], err)
			}
		}
	}
	t.Logf("%d failing steps of a store", tries)
}
