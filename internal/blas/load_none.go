//go:build !((linux || darwin || windows) && !android && !ios && (amd64 || arm64)) || gonumblas

package blas

import "github.com/pkg/errors"

// Nothing is ever loaded here, so that there is nothing to look up or call.

func load(string) (uintptr, error) {
	return 0, errors.New("this build does not load libraries")
}

func symbol(uintptr, string) uintptr   { return 0 }
func call(uintptr, ...uintptr) uintptr { return 0 }
func text(uintptr) string              { return "" }
func written(uintptr) string           { return "" }
