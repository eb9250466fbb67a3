// Package parallel shares work among cores: loops by their number of elements
// ([Each], [Ranges]), and anything else by goroutines that take tasks ([Team],
// [Tasks]). Results do not depend on which goroutine does what, and after the
// first runs nothing is allocated. It also keeps the temporary memory of
// goroutines ([Scratch]).
package parallel
