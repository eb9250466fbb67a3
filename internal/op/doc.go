// Package op fits functions of tensors into Gorgonia: it is the frame of every op
// of ops and nn. A [Function] says what is computed, from which inputs, and what
// its gradients are; [Op] gives it arity, type, shape, hash, memory, the training
// switch, derivatives for tape and Lisp machines, and errors.
package op
