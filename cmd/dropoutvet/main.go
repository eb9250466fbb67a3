// Command dropoutvet finds uses of gorgonia.Dropout, whose gradient is wrong, and
// replaces them by ops.Dropout.
//
//	go install github.com/gorgonia-dropout/dropout/cmd/dropoutvet@latest
//	dropoutvet ./...
//	dropoutvet -fix ./...
//	go vet -vettool=$(which dropoutvet) ./...
//
// It also finds constant drop probabilities outside [0, 1]. -fix -diff shows
// what would change. Programs that run several analyses can import package
// analyzer.
package main

import (
	"golang.org/x/tools/go/analysis/singlechecker"

	"github.com/gorgonia-dropout/dropout/cmd/dropoutvet/analyzer"
)

func main() { singlechecker.Main(analyzer.Analyzer) }
