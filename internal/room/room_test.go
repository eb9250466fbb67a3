package room

import (
	"math"
	"runtime"
	"strings"
	"testing"
)

func TestMemory(t *testing.T) {
	n, ok := Memory()
	if runtime.GOOS == "linux" && (!ok || n <= 0) {
		t.Errorf("Linux must say what is available, got %d, %v", n, ok)
	}
	if ok {
		if err := Need(math.MaxInt64); err == nil || !strings.HasPrefix(err.Error(), "memory must have room for 8388608.0 TiB, got ") {
			t.Errorf("got %v", err)
		}
	}
	if err := Need(1); err != nil {
		t.Error(err)
	}
}

func TestMeminfo(t *testing.T) {
	for _, tt := range []struct {
		text string
		want int64
		ok   bool
	}{
		{"MemTotal: 9 kB\nMemAvailable:   3 kB\nBuffers: 1 kB\n", 3 << 10, true},
		{"MemTotal: 9 kB\n", 0, false}, {"", 0, false}, {"MemAvailable: x kB\n", 0, false},
		{"MemAvailable: 9223372036854775807 kB\n", -1 << 10, false}, {"MemAvailable: -3 kB\n", -3 << 10, false},
	} {
		if got, ok := availableIn([]byte(tt.text)); ok != tt.ok || ok && got != tt.want {
			t.Errorf("%q: want %d, %v, got %d, %v", tt.text, tt.want, tt.ok, got, ok)
		}
	}
	for text, want := range map[string]int64{"max\n": 0, "1024\n": 1024, "": 0, "-5": 0} {
		if got, ok := limitIn([]byte(text)); ok != (want > 0) || ok && got != want {
			t.Errorf("%q: want %d, got %d", text, want, got)
		}
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 1023: "1023 bytes", 1024: "1.0 KiB", 3 << 29: "1.5 GiB", 1 << 50: "1024.0 TiB"} {
		if got := Size(n); got != want {
			t.Errorf("%d: want %s, got %s", n, want, got)
		}
	}
}

func TestDisk(t *testing.T) {
	if n, ok := Disk(t.TempDir()); (runtime.GOOS == "linux" || runtime.GOOS == "darwin") && (!ok || n <= 0) {
		t.Errorf("the disk must have room, got %d, %v", n, ok)
	}
	if _, ok := Disk("/no/such/directory"); ok {
		t.Error("no directory must have no room")
	}
}

func TestInsist(t *testing.T) {
	if _, ok := Memory(); !ok {
		t.Skip("the system does not say how much memory there is")
	}
	if err := (Insist{}).Room(math.MaxInt64); err == nil || !strings.Contains(err.Error(), "--insist begins all the same") {
		t.Errorf("what cannot fit must be refused, got %v", err)
	}
	if err := (Insist{}).Room(1 << 20); err != nil {
		t.Error(err)
	}
	if err := (Insist{Insist: true}).Room(math.MaxInt64); err != nil {
		t.Errorf("whoever insists must be let, got %v", err)
	}
}
