// Command dropoutvet finds uses of gorgonia.Dropout, whose gradient is wrong, and
// replaces them by ops.Dropout.
//
//	go install github.com/gorgonia-dropout/dropout/cmd/dropoutvet@latest
//	dropoutvet ./...
//	dropoutvet -fix ./...
//	go vet -vettool=$(which dropoutvet) ./...
//
// -fix changes only the lines that need it and keeps their ends, LF or CRLF;
// -fix -diff shows what would change. What else it reports, without a fix, is
// in the documentation of package analyzer, which programs that run several
// analyses can import.
package main

import (
	"flag"
	"log"
	"os"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis/singlechecker"

	"github.com/gorgonia-dropout/dropout/cmd/dropoutvet/analyzer"
)

func main() {
	if !fixes(os.Args[1:]) {
		singlechecker.Main(analyzer.Analyzer)
	}
	log.SetFlags(0)
	log.SetPrefix("dropoutvet: ")
	flag.Bool("fix", true, "replace gorgonia.Dropout")
	diff := flag.Bool("diff", false, "show what -fix would change, and change nothing")
	tests := flag.Bool("test", true, "look at tests too")
	flag.Parse()
	if err := fix(os.Stdout, flag.Args(), *diff, *tests); err != nil {
		log.Fatal(err)
	}
}

// fixes reports whether arguments ask for a fix of packages. The go command
// gives its tools a file of settings instead, and applies fixes by itself.
func fixes(args []string) bool {
	isFix := func(arg string) bool { return arg == "-fix" || arg == "--fix" || arg == "-fix=true" }
	isConfig := func(arg string) bool { return strings.HasSuffix(arg, ".cfg") }
	return slices.ContainsFunc(args, isFix) && !slices.ContainsFunc(args, isConfig)
}
