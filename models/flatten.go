package models

import "github.com/gorgonia-dropout/dropout/ops"

// Flatten makes one row of each example, from (batch, ...) to (batch, values), as
// Linear wants it.
func Flatten() Layer { return elementwise("Flatten", ops.Flatten) }
