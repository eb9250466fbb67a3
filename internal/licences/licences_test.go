// Package licences holds no code, only the test that the licences of all
// modules in programs and libraries are known and allowed, and that
// docs/licences.md lists them. After a change of modules, update the list with
//
//	go test ./internal/licences -update
package licences

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/licences.md")

// permissive licences may be in any package.
var permissive = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC-BY-4.0", "FTL", "ISC", "MIT", "OFL-1.1", "Unlicense"}

// weak licences require the source of changed files of the module itself. They
// may be in commands, and each such module is listed here with its reason.
var weak = map[string]string{
	"github.com/hashicorp/errwrap":       "shell completion of the commands",
	"github.com/hashicorp/go-multierror": "shell completion of the commands",
}

// texts identify licences by phrases that only they contain.
var texts = []struct{ licence, says string }{
	{"AGPL", `GNU AFFERO GENERAL PUBLIC LICENSE`},
	{"LGPL", `GNU LESSER GENERAL PUBLIC LICENSE`},
	{"GPL", `GNU GENERAL PUBLIC LICENSE\s+Version`},
	{"MPL-2.0", `^\s*Mozilla Public License,? [Vv]ersion 2\.0`},
	{"Apache-2.0", `Apache License,?\s+Version 2\.0`},
	{"CC-BY-4.0", `Creative Commons Attribution 4\.0 International`},
	{"FTL", `subject to your choice of exactly one of\s+the following two licenses:\s+\* The FreeType License`},
	{"ISC", `Permission to use, copy, modify, and/or distribute this software for any\s+purpose`},
	{"MIT", `Permission is hereby granted, free of charge, to any person obtaining a\s+copy`},
	{"OFL-1.1", `SIL OPEN FONT LICENSE\s+Version 1\.1`},
	{"Unlicense", `This is free and unencumbered software released into the public domain`},
}

var (
	bsd         = regexp.MustCompile(`Redistribution\s+and\s+use\s+in\s+source\s+and\s+binary\s+forms`)
	bsd3        = regexp.MustCompile(`(?i)(neither\s+the\s+names?|the\s+names?)\s+of[\s\S]{0,200}endorse\s+or\s+promote`)
	licenceFile = regexp.MustCompile(`(?i)^(un)?(licen[cs]e|copying)`)
)

// licencesIn returns the licences whose text a module's file contains.
func licencesIn(text string) []string {
	var found []string
	for _, l := range texts {
		if regexp.MustCompile(l.says).MatchString(text) {
			found = append(found, l.licence)
		}
	}
	if bsd.MatchString(text) {
		if bsd3.MatchString(text) {
			found = append(found, "BSD-3-Clause")
		} else {
			found = append(found, "BSD-2-Clause")
		}
	}
	return found
}

// A dependency is a module that packages need.
type dependency struct {
	path     string
	licences []string
	library  bool // in a package that others import, not only in commands
}

// dependencies returns the modules that the named packages need on any of the
// platforms, and the directories of their files.
func dependencies(t *testing.T, patterns ...string) map[string]string {
	t.Helper()
	dirs := make(map[string]string)
	for _, system := range []string{"linux", "darwin", "windows"} {
		cmd := exec.Command("go", append([]string{"list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Dir}}{{end}}{{end}}"}, patterns...)...)
		cmd.Dir = filepath.Join("..", "..")
		cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
		out, err := cmd.Output()
		if err != nil {
			t.Skipf("the modules cannot be listed, since they are not all here: %v", err)
		}
		for line := range strings.Lines(string(out)) {
			if path, dir, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
				dirs[path] = dir
			}
		}
	}
	return dirs
}

func TestLicences(t *testing.T) {
	libraries := dependencies(t, "./ops/...", "./models/...", "./training/...", "./mnist/...", "./datasets/...", "./report/...")
	var all []dependency
	for path, dir := range dependencies(t, "./...") {
		d := dependency{path: path}
		_, d.library = libraries[path]
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Skipf("the files of %s are not here: %v", path, err)
		}
		for _, f := range files {
			if f.IsDir() || !licenceFile.MatchString(f.Name()) {
				continue
			}
			text, err := os.ReadFile(filepath.Join(dir, f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			d.licences = append(d.licences, licencesIn(string(text))...)
		}
		slices.Sort(d.licences)
		d.licences = slices.Compact(d.licences)
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b dependency) int { return strings.Compare(a.path, b.path) })
	for _, d := range all {
		if len(d.licences) == 0 {
			t.Errorf("%s has no licence that is known here", d.path)
		}
		for _, l := range d.licences {
			if _, ok := weak[d.path]; ok && l == "MPL-2.0" && !d.library {
				continue
			}
			if !slices.Contains(permissive, l) {
				t.Errorf("%s has the licence %s, which is not allowed", d.path, l)
			}
		}
	}
	want, file := page(all), filepath.Join("..", "..", "docs", "licences.md")
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("docs/licences.md must list the modules as they are: go test ./internal/licences -update (%v)", err)
	}
}

// page is the list for readers.
func page(all []dependency) string {
	var b strings.Builder
	b.WriteString(`# Licences

The modules that packages and commands are built from, on Linux, macOS or Windows, with the
licences in their files. Those marked "commands" are in no package that your program can
import. ` + "`TestLicences`" + ` allows only permissive licences, apart from a few with a reason, and
checks this list; ` + "`go test ./internal/licences -update`" + ` writes it.

| module | licence | where |
| --- | --- | --- |
`)
	for _, d := range all {
		where := "packages and commands"
		if !d.library {
			where = "commands"
		}
		if reason, ok := weak[d.path]; ok {
			where += ": " + reason
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", d.path, strings.Join(d.licences, ", "), where)
	}
	b.WriteString(old)
	b.WriteString(fonts)
	return b.String()
}

// old says why modules stay whose newest version is old. Their dates are those of
// go list -m -json.
const old = `
## Old modules

Modules that this repository uses directly are at their newest versions, but for
google.golang.org/protobuf, of which it requires no more than Gorgonia does, so that programs with
Gorgonia keep theirs ([design](design.md)). These are old, and stay:

| module | year | why it stays |
| --- | --- | --- |
| gorgonia.org/gorgonia, gorgonia.org/tensor | 2023, 2022 | this library extends them |
| github.com/chewxy/hm, github.com/xtgo/set, github.com/awalterschulze/gographviz, github.com/apache/arrow, github.com/gogo/protobuf, github.com/leesper/go_rng, gorgonia.org/dawson, gorgonia.org/vecf32, gorgonia.org/vecf64 | 2017 to 2021 | Gorgonia and its tensors need them |
| go4.org/unsafe/assume-no-moving-gc, github.com/golang/protobuf, golang.org/x/xerrors | 2023, 2021, 2020 | likewise; the second is deprecated and only forwards calls to google.golang.org/protobuf |
| github.com/nats-io/nuid | 2019 | the NATS client needs it |
| github.com/google/flatbuffers, gorgonia.org/cu, github.com/chewxy/math32 | 2021, 2022 | newer ones exist, but only Gorgonia and tensor use them, and they require these |
| github.com/pkg/errors | 2020 | archived and finished; Gorgonia makes its own errors with it |
| gopkg.in/yaml.v3 | 2022 | archived; its node tree has the line of each key, and fuzz tests cover what is read through it |
| go.uber.org/goleak | 2023 | used only by tests; no newer one exists |
| github.com/golang/freetype, github.com/ajstarks/svgo | 2017, 2021 | gonum.org/v1/plot draws with them |
`

// fonts is what the licences of fonts in a module ask programs to say with them.
const fonts = `
## Fonts

` + "`github.com/hajimehoshi/bitmapfont/v3`" + `, from which PNG figures take the characters that
Liberation Sans lacks, consists of Ark Pixel Font, Cubic 11 and Arabic glyphs by Mansour Sorosoro
(OFL-1.1), M+ Bitmap Fonts ("Unlimited permission is granted to use, copy, and distribute
it, with or without modification, either commercially and noncommercially"), misc-fixed
(public domain), and Baekmuk Gulim:

> Copyright (c) 1986-2002 Kim Jeong-Hwan. All rights reserved. Permission to use, copy,
> modify and distribute this font is hereby granted, provided that both the copyright
> notice and this permission notice appear in all copies of the font, derivative works or
> modified versions, and that the following acknowledgement appear in supporting
> documentation: Baekmuk Batang, Baekmuk Dotum, Baekmuk Gulim, and Baekmuk Headline are
> registered trademarks owned by Kim Jeong-Hwan.
`

func TestLicencesIn(t *testing.T) {
	for text, want := range map[string]string{
		"Permission is hereby granted, free of charge, to any person obtaining a copy of":                                        "MIT",
		"Redistribution and use in source and binary forms ... Neither the name of Google nor may be used to endorse or promote": "BSD-3-Clause",
		"Redistribution and use in source and binary\nforms, with or without":                                                    "BSD-2-Clause",
		"                                 Apache License\n                           Version 2.0, January 2004":                  "Apache-2.0",
		"Mozilla Public License, version 2.0":                                                                                    "MPL-2.0",
		"GNU GENERAL PUBLIC LICENSE\n Version 3":                                                                                 "GPL",
		"All rights reserved. Nobody may use this at all.":                                                                       "",
	} {
		if got := strings.Join(licencesIn(text), " "); got != want {
			t.Errorf("%q: want %q, got %q", text, want, got)
		}
	}
}
