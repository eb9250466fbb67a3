// Package gonbui stands for the package of that name of GoNB
// (github.com/janpfeifer/gonb) where there is no notebook, so that the programs
// here compile and run without it. It has the functions that they use, which
// show nothing.
package gonbui

// DisplayHTML shows HTML below the cell.
func DisplayHTML(html string) {}

// UpdateHTML replaces what has the given id, or shows it the first time.
func UpdateHTML(id, html string) {}

// UniqueId returns a new id.
func UniqueId() string { return "id" }

// Sync waits until everything is shown.
func Sync() {}
