package datasets_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/gorgonia-dropout/dropout/datasets"
)

func ExampleCSV() {
	const file = `length,width,species
5.1,3.5,setosa
7.0,3.2,versicolor
4.9,?,setosa`
	c := datasets.CSV{Label: "species", Ignore: []string{"width"}}
	table, err := c.Read(strings.NewReader(file))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(table.Columns, table.X, table.Classes, table.Y)

	_, err = datasets.CSV{Label: "species"}.Read(strings.NewReader(file))
	fmt.Println(err)
	// Output:
	// [length] [5.1 7 4.9] [setosa versicolor] [0 1 0]
	// datasets: CSV: Read: line 4, column "width": value is missing: must be a number, got "?"
}

func ExampleStandardization() {
	table, err := datasets.CSV{Label: "y"}.Read(strings.NewReader("x,y\n1,a\n2,a\n3,b\n10,b\n"))
	if err != nil {
		log.Fatal(err)
	}
	train, err := datasets.Subset(table, []int{0, 2})
	if err != nil {
		log.Fatal(err)
	}
	test, err := datasets.Subset(table, []int{3})
	if err != nil {
		log.Fatal(err)
	}
	scale, err := datasets.FitStandardization(train)
	if err != nil {
		log.Fatal(err)
	}
	x, y := make([]float32, 1), make([]int, 1)
	if err := scale.Apply(test).Gather([]int{0}, x, y); err != nil {
		log.Fatal(err)
	}
	fmt.Println(x, y)
	// Output: [8] [1]
}
