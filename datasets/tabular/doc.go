// Package tabular makes examples of a table whose columns are as people write them:
// numbers, categories, dates and booleans, with missing values.
//
//	table, err := tabular.Open("houses.csv", tabular.Format{})
//	...
//	plan, err := tabular.Guess(table, tabular.Wishes{Targets: []string{"price"}})
//	...
//	encoder, err := tabular.Fit(plan, table, trainRows)
//	...
//	train, err := encoder.Examples(table, trainRows)
//	test, err := encoder.Examples(table, testRows)
//
// A [Plan] says what each column is used for, and why. [Guess] makes one, which may be
// changed and kept in a file. Guesses are about the form of columns; whatever is learned
// from values (medians, means, the levels of categories) is in an [Encoder], which [Fit]
// learns from the rows it is given and from no others.
//
// Where package datasets refuses what is doubtful, this package decides, and its plan says
// what was decided.
//
// # Limits
//
// Files come from anywhere. A table has at most 2^26 values, 2^16 columns and 2^31 bytes of
// text, after decompression; a row has at most 2^21 bytes. Exceeding a limit is an error,
// as are lines with another number of values than the first, text that is not in its
// encoding, and quotes that are not closed.
package tabular
