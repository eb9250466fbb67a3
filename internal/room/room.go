// Package room says how much memory and how much of a disk is free, as far as the
// system tells.
package room

import (
	"bufio"
	"bytes"
	"os"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

// Memory returns the bytes of memory that this process can have without taking from
// others, at most the limit of its container. ok is false if the system does not say.
func Memory() (bytes int64, ok bool) {
	bytes, ok = systemMemory()
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if limit, limited := limitIn(text); limited && (!ok || limit < bytes) {
			bytes, ok = limit, true
		}
	}
	return bytes, ok
}

// limitIn reads a limit of a control group: a number, or "max" for none.
func limitIn(text []byte) (limit int64, ok bool) {
	limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return limit, err == nil && limit > 0
}

// availableIn reads Linux's /proc/meminfo.
func availableIn(meminfo []byte) (size int64, ok bool) {
	for lines := bufio.NewScanner(bytes.NewReader(meminfo)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) == 3 && fields[0] == "MemAvailable:" && fields[2] == "kB" {
			n, err := strconv.ParseInt(fields[1], 10, 64)
			return n << 10, err == nil && n >= 0 && n < 1<<53
		}
	}
	return 0, false
}

// Need returns an error unless there is memory for need bytes or the system does not
// say how much there is.
func Need(need int64) error {
	if free, ok := Memory(); ok && need > free {
		return errors.Errorf("memory must have room for %s, got %s", Size(need), Size(free))
	}
	return nil
}

// Insist is the flag that lets a command begin in spite of what it needs.
type Insist struct {
	Insist bool `help:"Begin even if there seems to be too little memory."`
}

// Room returns an error, which names the flag, unless there is room for need bytes.
func (i Insist) Room(need int64) error {
	if i.Insist {
		return nil
	}
	return errors.WithMessage(Need(need), "too large for this machine (--insist begins all the same)")
}

// Size returns a number of bytes for a reader, such as "1.5 GiB".
func Size(n int64) string {
	unit, name := 1.0, "bytes"
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if float64(n) < 1024*unit {
			break
		}
		unit, name = 1024*unit, next
	}
	return strconv.FormatFloat(float64(n)/unit, 'f', min(1, int(unit)-1), 64) + " " + name
}
