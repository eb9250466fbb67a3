package datasets

import "github.com/gorgonia-dropout/dropout/training"

// A Table is a data set of rows of numbers, each with a class or with numbers to predict,
// as [CSV.Read] returns it. It is a [training.Dataset]: X has the features row by row, Y
// the classes as indices into Classes, or Targets the numbers, and Shape is the number of
// features.
type Table struct {
	training.Examples
	Columns  []string // names of the features
	Targeted []string // names of the numbers to predict
	Classes  []string // names of the classes
	// Groups has the group of each row as an index into GroupNames, for [ByGroup]
	// and [GroupFolds]; nil without groups.
	Groups     []int
	GroupNames []string
}
