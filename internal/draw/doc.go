// Package draw is where the randomness of ops comes from: the [Source] of an op's
// masks, the step of a run, the rate, the axes over which a mask is shared, and the
// options that set them.
package draw
