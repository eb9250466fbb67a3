package main

import (
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/chromium"
	"github.com/gorgonia-dropout/dropout/internal/localserve"
)

// A shownPage is a page that people look at.
type shownPage struct{ name, url string }

// shownPages makes the reports of all kinds of runs, and what is served of them.
func shownPages(t *testing.T) []shownPage {
	t.Helper()
	var classes strings.Builder
	classes.WriteString("size,colour,wet,kind with a long name that does not end\n")
	for i := range 60 {
		fmt.Fprintf(&classes, "%d.5,%s,%s,%s\n", i*7%23, []string{"red", "blue"}[i%2], []string{"yes", "no"}[i/30], []string{"a", "b", "c"}[i%3])
	}
	text := readFile(t, "../../datasets/opticks/opticks.txt")[:5000]
	var all []shownPage
	for _, run := range []struct {
		name string
		args []string
	}{
		{"numbers", []string{write(t, "prices.csv", dirty()), "-t", "price"}},
		{"classes", []string{write(t, "kinds.csv", classes.String()), "-t", "kind with a long name that does not end"}},
		{"images", []string{writePictures(t, 28)}},
		{"text", []string{write(t, "book.txt", text)}},
	} {
		dir := filepath.Join(t.TempDir(), "run")
		compareQuickly(t, dir, run.args...)
		f, err := runDir(dir).final()
		if err != nil {
			t.Fatal(err)
		}
		h, _, err := (&serveCmd{Passes: 2}).handler(f)
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(localserve.Guard(h))
		t.Cleanup(server.Close)
		all = append(all, shownPage{"report-" + run.name, "file://" + filepath.Join(dir, reportFile)}, shownPage{"serve-" + run.name, server.URL + "/"})
	}
	return all
}

// fill sends the form of a page, if it has one, so that there is an answer to look at.
const fill = `(async () => {
	const form = document.querySelector("form");
	if (!form || document.querySelector("[role=status]")) return false;
	const text = document.querySelector("textarea");
	if (text) text.value = "The light of the Sun consists of rays <b> & ";
	form.requestSubmit();
	return true;
})()`

// Pages have no errors, fit a phone, and can be read by everybody, in light and dark.
func TestPagesInChromium(t *testing.T) {
	browser := chromium.Open(t)
	pages := shownPages(t)
	for _, p := range pages {
		for _, screen := range []struct {
			width  int
			scheme string
		}{{360, "light"}, {390, "dark"}, {1280, "light"}, {1280, "dark"}} {
			name := fmt.Sprintf("%s-%d-%s", p.name, screen.width, screen.scheme)
			browser.Resize(screen.width, screen.scheme)
			browser.Load(p.url)
			var sent bool
			if browser.Eval(fill, &sent); sent {
				browser.Wait("Page.loadEventFired", 2)
				var answered bool
				if browser.Eval(`document.querySelector("[role=status]") !== null`, &answered); !answered {
					t.Errorf("%s: the form must be answered", name)
				}
			}
			if faults := browser.Faults(p.url); len(faults) > 0 {
				t.Errorf("%s: want no errors and no requests, got %q", name, faults)
			}
			var wide float64
			if browser.Eval(`document.documentElement.scrollWidth`, &wide); wide > float64(screen.width) {
				t.Errorf("%s: page must be %d pixels wide, got %v", name, screen.width, wide)
			}
			browser.Screenshot(name)
		}
	}
	t.Run("accessible", func(t *testing.T) {
		chromium.NeedAxe(t)
		for _, p := range pages {
			for _, scheme := range []string{"light", "dark"} {
				browser.Resize(390, scheme)
				browser.Load(p.url)
				if found := browser.Axe(); len(found) > 0 {
					t.Errorf("%s, %s: %q", p.name, scheme, found)
				}
			}
		}
	})
}
