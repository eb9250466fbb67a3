// Command gen writes the Go types of a schema of protocol buffers, as protoc
// with protoc-gen-go does, without a program outside of Go.
//
// A program panics if it has two messages of one name, and another module may
// have the types of the same schema. So the messages get names of their own, by
// another package; files do not contain names.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"log"
	"os"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/cmd/protoc-gen-go/internal_gengo"
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

func main() {
	log.SetFlags(0)
	in := flag.String("proto", "", "the schema")
	name := flag.String("name", "", "the name of the schema in programs")
	pkg := flag.String("package", "", "the import path of the Go package")
	out := flag.String("out", "", "the file to write")
	flag.Parse()
	if err := generate(*in, *name, *pkg, *out); err != nil {
		log.Fatal(err)
	}
}

func generate(in, name, pkg, out string) error {
	schema, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	ours := bytes.Replace(schema, []byte("\npackage onnx;"), []byte("\npackage gorgonia_dropout.onnx;"), 1)
	if bytes.Equal(ours, schema) {
		return errors.New("the schema must have the package onnx")
	}
	compiler := protocompile.Compiler{
		Resolver: &protocompile.SourceResolver{
			Accessor: protocompile.SourceAccessorFromMap(map[string]string{name: string(ours)}),
		},
		SourceInfoMode: protocompile.SourceInfoStandard, // comments
	}
	files, err := compiler.Compile(context.Background(), name)
	if err != nil {
		return err
	}
	plugin, err := protogen.Options{}.New(&pluginpb.CodeGeneratorRequest{
		FileToGenerate: []string{name},
		Parameter:      proto.String("M" + name + "=" + pkg),
		ProtoFile:      []*descriptorpb.FileDescriptorProto{protodesc.ToFileDescriptorProto(files[0])},
	})
	if err != nil {
		return err
	}
	internal_gengo.GenerateFile(plugin, plugin.Files[0])
	response := plugin.Response()
	if response.Error != nil {
		return errors.New(response.GetError())
	}
	return os.WriteFile(out, []byte(response.File[0].GetContent()), 0o644)
}
