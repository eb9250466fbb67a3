package external

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// memory returns the bytes of memory that the processes of cmd's group have, those that
// they share counted for each.
func memory(cmd *exec.Cmd) (int64, bool) {
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, false
	}
	group := []byte(strconv.Itoa(cmd.Process.Pid))
	var pages int64
	for _, name := range all {
		stat, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		// The name of the program, in brackets, may hold anything.
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		if len(fields) < 22 || !bytes.Equal(fields[2], group) { // state, parent, group
			continue
		}
		if n, err := strconv.ParseInt(string(fields[21]), 10, 64); err == nil {
			pages += n
		}
	}
	return pages * int64(os.Getpagesize()), true
}
