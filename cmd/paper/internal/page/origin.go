package page

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/processor"
	"github.com/gorgonia-dropout/dropout/report"
)

// WriteOrigin writes the command and the machine that a page is from.
func WriteOrigin(w io.Writer, args []string, library string) {
	here := report.ThisMachine()
	fmt.Fprintf(w, "    go run ./cmd/paper %s\n\n%s, %s/%s, %s, logical CPUs: %d, %s, %s.\n",
		strings.Join(withoutPaths(args), " "), here.Go, here.OS, here.Arch, processor.Name(), here.CPUs, library, time.Now().UTC().Format("2 January 2006"))
}

// withoutPaths returns the arguments without those that say where files are,
// which differ for each reader.
func withoutPaths(args []string) []string {
	var kept []string
	for i := 0; i < len(args); i++ {
		name, _, joined := strings.Cut(args[i], "=")
		if name == "--out" || name == "--records" || name == "--data" {
			if !joined {
				i++
			}
			continue
		}
		kept = append(kept, args[i])
	}
	return kept
}

// WriteMachines writes which machines have trained how many networks, the most first. It
// takes the name of each network's machine, "" if that was not noted.
func WriteMachines(w io.Writer, machines []string) {
	count := make(map[string]int)
	unknown := 0
	for _, name := range machines {
		if name == "" {
			unknown++
			continue
		}
		count[name]++
	}
	names := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), strings.Compare(a, b))
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s (%d)", name, count[name])
	}
	if len(names) > 0 && unknown > 0 {
		names = append(names, fmt.Sprintf("others before it was noted (%d)", unknown))
	}
	if len(names) > 0 {
		fmt.Fprintf(w, "Networks trained on: %s.\n\n", strings.Join(names, "; "))
	}
}
