package a

import (
	"b"

	"gorgonia.org/gorgonia"
)

func calls(x *gorgonia.Node, p float64) (*gorgonia.Node, error) { // want calls:"calls gorgonia.Dropout"
	h := gorgonia.Must(gorgonia.Dropout(x, p)) // want `gorgonia.Dropout has a wrong gradient for every p but 0.5: use ops.Dropout`
	h, err := (gorgonia.Dropout)(h, 0.5)       // want `use ops.Dropout`
	b.Use(h)
	gorgonia.Dropout(pair()) // want `use ops.Dropout`
	return h, err
}

func pair() (x *gorgonia.Node, p float64) { return nil, 0.5 }

// Only a function of this type would do here.
type apply func(x *gorgonia.Node, p float64) (*gorgonia.Node, error)

func values() []apply { // want values:"calls gorgonia.Dropout"
	f := gorgonia.Dropout                 // want `use ops.Dropout`
	return []apply{f, (gorgonia.Dropout)} // want `use ops.Dropout`
}
