package connect

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"runtime/debug"
	"sync"
)

// Version identifies this program: by the commit that it was built from, on any
// machine, or, if that is not known, by the program's own hash.
var Version = sync.OnceValue(func() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := committed(info.Settings); v != "" {
			return v
		}
	}
	name, err := os.Executable()
	if err != nil {
		return "" // for any worker
	}
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return "program " + hex.EncodeToString(h.Sum(nil)[:16])
})

// committed returns the commit of a program that was built without other changes.
func committed(settings []debug.BuildSetting) string {
	values := make(map[string]string)
	for _, s := range settings {
		values[s.Key] = s.Value
	}
	if values["vcs.revision"] == "" || values["vcs.modified"] != "false" {
		return ""
	}
	return "commit " + values["vcs.revision"]
}
