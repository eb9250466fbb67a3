// Package nnops has of Gorgonia's package of that name what the tests name.
package nnops

import "gorgonia.org/gorgonia"

func Dropout(x *gorgonia.Node, prob float64) (retVal *gorgonia.Node, err error) {
	return gorgonia.Dropout(x, prob)
}
