// Package op is the frame of every op in packages ops and nn. A [Function] says
// what is computed, from which inputs, and what its gradients are. [Apply]
// makes an [Op] of it, which gives Gorgonia what it needs: arity, type, shape,
// hash, memory, the training switch, derivatives for tape and Lisp machines,
// and errors.
package op
