package kernels

import "github.com/gorgonia-dropout/dropout/internal/cuda/remote"

// Penalties are what becomes of gradients and parameters before an update, for settings
// that the host writes before each run. 0 stands for none, but 1 for Keep.
type Penalties struct {
	ClipValue float32 // bounds the elements of gradients
	Decay     float32 // times the parameter, in the gradient
	L1        float32
	Keep      float32 // what decoupled weight decay leaves of the parameter, by Adam only
}

// SGDSettings are the settings of a step of optim.SGD.
type SGDSettings struct {
	Penalties
	LR, Momentum float32
	_            [2]uint32
}

// SGD is the kernel "sgd", an update of a parameter by optim.SGD.
type SGD struct {
	W, G               remote.Pointer
	V                  remote.Pointer // 0: there is no velocity
	N                  int64
	Settings           remote.Pointer // SGDSettings
	Clip               remote.Pointer // the factor of ClipFactor; 0: none
	Velocity, Nesterov int32          // 1: with it
	Loss               remote.Pointer // nothing is done unless it is finite; 0: always
}

// AdamSettings are the settings of a step of optim.Adam and optim.AdamW: those of
// solver.Adam.
type AdamSettings struct {
	Penalties
	Step, Beta1, Beta2, Rest1, Rest2, Eps float32
	_                                     [2]uint32
}

// Adam is the kernel "adam", an update of a parameter by optim.Adam or optim.AdamW.
type Adam struct {
	W, G, M, V remote.Pointer
	N          int64
	Settings   remote.Pointer // AdamSettings
	Clip       remote.Pointer // as of SGD
	Loss       remote.Pointer
}
