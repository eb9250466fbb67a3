// Package models has of package models what the tests name.
package models

type Layer any

func Dropout(p float64) Layer { return nil }
