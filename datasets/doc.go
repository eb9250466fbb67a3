// Package datasets makes data sets for package training from tables, folders of
// images and text, and splits and standardizes them.
//
// Tables are read by [CSV], images by [ImageFolder]; [Windows] are the parts of a
// text.
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
// Real data sets are in the packages below this one, each with its licence:
// wdbc (breast cancer), concrete (its strength, for regression), vowel (speech) and
// opticks (a book). MNIST is in package mnist/embedded.
//
// Package augment changes examples at random in training: flips, shifts, noise, cutout,
// mixup and CutMix.
//
// Damaged, incomplete or unsuitable data is an error that says where it is and
// what must be there; nothing is guessed or filled in. Everything random is a
// function of a seed, the same on every machine.
//
// # Limits
//
// Files come from anywhere, and a small one may claim to be large. Exceeding a
// limit is an error, and so is anything that does not fit into memory as an
// index or a value. Errors quote names from files, and shorten long ones. Only
// regular files are opened, since reading a pipe might never end; for streams
// use [CSV.Read] and [DecodeImage].
//
//	CSV             row 2^21 bytes, 2^20 columns, 2^16 classes, 2^24 groups,
//	                2^32 values, file 2^34 bytes
//	image           file 2^28 bytes, side 2^14 pixels, 2^26 pixels in all,
//	                scans of a JPEG 2^31 pixels together
//	ImageFolder     scaled to at most 4096 x 4096, 2^16 classes, folders 16 deep,
//	                2^32 values
//	splits          2^31 indices, over all folds
//	Windows         ids up to 2^24
//	Standardization 2^31-1 values an example
package datasets
