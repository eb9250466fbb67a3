package tensorfile

import (
	"bytes"
	"encoding/binary"

	"github.com/pkg/errors"
)

// formats returns the beginnings of files that are mistaken for safetensors.
func formats() []struct{ start, what string } {
	return []struct{ start, what string }{
		{"PK\x03\x04", "a zip archive, as torch.save, numpy.savez and Keras write: save the weights with safetensors.torch.save_file"},
		{"\x80\x02", "a Python pickle, as torch.save writes: save the weights with safetensors.torch.save_file"},
		{"\x80\x03", "a Python pickle"},
		{"\x80\x04", "a Python pickle"},
		{"\x80\x05", "a Python pickle"},
		{"\x89HDF\r\n", "an HDF5 file, as Keras writes"},
		{"\x93NUMPY", "an array of NumPy"},
		{"GGUF", "a GGUF file"},
		{"\x1f\x8b", "a gzip file: decompress it first"},
		{"version https://git-lfs", "a pointer of Git LFS: get the file itself with git lfs pull"},
		{"<", "HTML or XML"},
		{"{", "JSON"},
		{"[", "JSON"},
	}
}

// foreign says what a file is that is not safetensors, from its beginning; err
// says why it is not.
func foreign(first, more []byte, err error) error {
	if len(first) == 8 && binary.LittleEndian.Uint64(first) <= MaxHeader && bytes.HasPrefix(more, []byte("{")) {
		return errors.Wrap(err, "not a safetensors file") // it begins as one
	}
	start := append(bytes.Clone(first), more[:min(len(more), 64)]...)
	for _, f := range formats() {
		if bytes.HasPrefix(start, []byte(f.start)) {
			return errors.Errorf("not a safetensors file but %s", f.what)
		}
	}
	// Protocol buffers of ONNX begin with the version of the format and the name
	// of the producer.
	if len(start) > 3 && start[0] == 8 && start[1] < 32 && start[2] == 0x12 {
		return errors.New("not a safetensors file but, it seems, one of ONNX")
	}
	return errors.Wrap(err, "not a safetensors file")
}
