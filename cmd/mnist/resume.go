package main

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/training/checkpoint"
)

// AfterApply is called by kong. It records which flags were given, on the
// command line or in a file.
func (c *trainCmd) AfterApply(ctx *kong.Context) error {
	c.given = nil
	for _, p := range ctx.Path {
		if p.Flag == nil {
			continue
		}
		c.given = append(c.given, p.Flag.Name)
	}
	if c.Resume != "" && slices.Contains(c.given, "config") {
		return errors.New("--config must be left out with --resume, which takes the settings of the run")
	}
	return nil
}

// resume takes the settings of the run to resume. A flag that differs is an
// error: a run with other settings is another run.
func (c *trainCmd) resume() error {
	run, err := c.Resume.settings()
	if err != nil {
		return err
	}
	if slices.Contains(c.given, "out") && c.Out != c.Resume {
		return errors.Errorf("--out must be left out with --resume %s, which continues there, got %s", c.Resume, c.Out)
	}
	given, err := values(&c.settings)
	if err != nil {
		return err
	}
	kept, err := values(run)
	if err != nil {
		return err
	}
	for _, name := range c.given {
		key := strings.ReplaceAll(name, "-", "_")
		if want, ok := kept[key]; ok && string(given[key]) != string(want) {
			return errors.Errorf("--%s must be %s with --resume, as in %s, got %s: other settings need a new run, with --out",
				name, want, c.Resume.path(checkpoint.ConfigFile), given[key])
		}
	}
	c.settings, c.Out = *run, c.Resume
	return nil
}

// values returns the settings of a run by their keys in a file.
func values(c *settings) (map[string]json.RawMessage, error) {
	data, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	var v map[string]json.RawMessage
	return v, json.Unmarshal(data, &v)
}
