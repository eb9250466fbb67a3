//go:build !noasm

package conv

//go:generate go -C gen run . -neon ../conv_arm64.s

// inputVectors is tilesOfInput, where neither n nor rows is 0.
//
//go:noescape
func inputVectors(dst *float32, step int, image *float32, n, rows int)

// gradientVectors is tilesOfGradient, where neither n nor rows is 0.
//
//go:noescape
func gradientVectors(dst *float32, step int, image *float32, n, rows int)

// outputVectors is outputOfTiles, where neither n nor rows is 0.
//
//go:noescape
func outputVectors(image, src *float32, step, n, rows int, bias float32)
