package mnist

import (
	"io/fs"
	"testing"
	"testing/fstest"
)

// A pipe in the place of a file would be waited for without end.
func TestOpenFSRefusesPipes(t *testing.T) {
	files, _, _ := canonical()
	for name := range files {
		fsys := fstest.MapFS{}
		for n, b := range files {
			fsys[n] = &fstest.MapFile{Data: b}
		}
		fsys[name] = &fstest.MapFile{Mode: fs.ModeNamedPipe}
		_, _, err := OpenFS(fsys)
		wantError(t, err, "mnist: OpenFS: "+name+` must be readable: "`+name+`" must be a regular file, got a pipe`)
	}
}
