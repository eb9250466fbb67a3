package training

// An EpochDataset has other examples in each epoch, such as images that are turned and
// shifted at random. What it gives must be a function of the example and the epoch, so that
// a run can be resumed; package datasets/augment has one.
type EpochDataset interface {
	Dataset
	// SetEpoch says which epoch, from 0, the examples are for that are gathered from now
	// on. A Trainer calls it for its training set at the start of each epoch, and when it
	// goes on within one.
	SetEpoch(epoch int)
	// Plain returns the examples as they are, which the end of a run is evaluated on.
	Plain() Dataset
}

// plain returns the examples of d as they are.
func plain(d Dataset) Dataset {
	if e, ok := d.(EpochDataset); ok {
		return e.Plain()
	}
	return d
}
