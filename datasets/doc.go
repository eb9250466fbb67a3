// Package datasets makes data sets for package training of tables, folders of
// images and text, and cuts them into parts.
//
//	table, err := datasets.CSV{Label: "species"}.Open("iris.csv")
//	...
//	parts, err := datasets.Stratified(table.Y, 1, 0.8, 0.2)
//	...
//	train, err := datasets.Subset(table, parts[0])
//	test, err := datasets.Subset(table, parts[1])
//	...
//	scale, err := datasets.FitStandardization(train)
//	...
//	data := training.Data{Train: scale.Apply(train), Test: scale.Apply(test)}
//
// Real data sets are in the packages below this one, each with its licence: wdbc
// (breast cancer), vowel (speech) and opticks (a book). MNIST is in package
// mnist/embedded.
//
// Data that is damaged, incomplete or of another kind is an error that says where
// and what was expected; nothing is guessed or filled in. All that is random is a
// function of a seed, the same on every machine.
package datasets
