// Package parallel shares work out over cores: loops by their number of elements ([Each],
// [Ranges]), and anything else by goroutines that take tasks ([Team], [Tasks]). Nothing
// in it depends on which goroutine does what, and after the first runs it allocates
// nothing. It also keeps the temporary memory of goroutines ([Scratch]).
package parallel
