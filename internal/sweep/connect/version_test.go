package connect

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	if v := Version(); !strings.HasPrefix(v, "commit ") && !strings.HasPrefix(v, "program ") {
		t.Errorf("got %q", v)
	}
	setting := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: modified}}
	}
	if got := committed(setting("false")); got != "commit abc" {
		t.Errorf("got %q", got)
	}
	if got := committed(setting("true")); got != "" {
		t.Errorf("changes are no commit, got %q", got)
	}
}
