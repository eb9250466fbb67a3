// Package processor tells the name of this machine's processor.
package processor

import (
	"os"
	"strings"
)

// Name returns the name of the processor, where Linux tells it.
func Name() string {
	info, _ := os.ReadFile("/proc/cpuinfo") // elsewhere there is none
	return named(string(info))
}

// named returns the first name in the text of /proc/cpuinfo.
func named(info string) string {
	for line := range strings.Lines(info) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}
