//go:build unix

package external

import (
	"os/exec"
	"syscall"
)

// apart gives the processes of cmd a group of their own, so that all end together.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// kill kills the group of cmd.
func kill(cmd *exec.Cmd) {
	// There may be none left.
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
}
