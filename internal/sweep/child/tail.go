package child

import (
	"bytes"
	"strings"
	"sync"
)

// A Tail keeps the end of what a process writes, for instance on its standard error.
type Tail struct {
	mu   sync.Mutex
	text []byte
}

// maxTail is how much of it is kept, from the end.
const maxTail = 64 << 10

// Write implements [io.Writer].
func (t *Tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if n := len(t.text) - maxTail; n > 0 {
		t.text = bytes.Clone(t.text[n:])
	}
	return len(b), nil
}

// Bytes returns what is kept.
func (t *Tail) Bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Clone(t.text)
}

// Reason returns why a process has ended: the line of a Go program's crash, where the
// reason comes first, before the stacks, or else its last line.
func (t *Tail) Reason() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	last := ""
	for line := range strings.Lines(string(t.text)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, "runtime: out of memory") {
			return line
		}
		if line != "" {
			last = line
		}
	}
	return last
}
