package wdbc_test

import (
	"fmt"
	"log"

	"github.com/gorgonia-dropout/dropout/datasets/wdbc"
)

func ExampleLoad() {
	table, err := wdbc.Load()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(table.Len(), "tumours of", table.InputShape()[0], "measures")
	// Output:
	// 569 tumours of 30 measures
}
