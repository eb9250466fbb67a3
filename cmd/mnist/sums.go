package main

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/sums"
	"github.com/gorgonia-dropout/dropout/training/checkpoint"
)

// trialsDir is the directory of the trials in that of a run.
const trialsDir = "runs"

// name returns the name of a file of a trial in the run's directory, with slashes.
func (runDir) name(arm string, seed uint64, file string) string {
	return path.Join(trialsDir, trialName(arm, seed), file)
}

// trialName returns the name of the folder of an arm and a seed.
func trialName(arm string, seed uint64) string {
	return fmt.Sprintf("%s-%d", strings.ReplaceAll(arm, " ", "-"), seed)
}

// trialFiles are the names of the files of a trial.
func (d runDir) trialFiles(arm string, seed uint64) (names []string) {
	for _, file := range []string{checkpoint.LastFile, checkpoint.BestFile, modelFile} {
		names = append(names, d.name(arm, seed, file))
	}
	return names
}

// checkSum returns an error if a file has another checksum than the one that was kept.
func (d runDir) checkSum(name string) error {
	l, err := sums.Read(string(d))
	if err != nil {
		return err
	}
	return l.Check(string(d), name)
}

// openTrials checks the files of the trials, and forgets their checksums before they
// change. A trial whose files are gone is trained anew.
func (d runDir) openTrials() error {
	l, err := sums.Read(string(d))
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(l)) {
		if err := l.Check(string(d), name); ofTrial(name) && err != nil && !missing(err) {
			return err
		}
	}
	return sums.Forget(string(d), ofTrial)
}

func ofTrial(name string) bool { return strings.HasPrefix(name, trialsDir+"/") }

// closeTrials keeps the checksums of the files of the trials when none is trained any
// more.
func (d runDir) closeTrials(arms []arm, seeds []uint64) error {
	if d == "" {
		return nil
	}
	var names []string
	for _, a := range arms {
		for _, seed := range seeds {
			names = append(names, d.trialFiles(a.name, seed)...)
		}
	}
	return errors.Wrap(sums.Keep(string(d), names...), "--out")
}
