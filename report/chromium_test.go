package report_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/chromium"
)

// audit looks at a page as a reader does: how wide it is, what goes beyond its
// box, and text whose contrast with the card below it is less than 4.5
// (WCAG 2.2, level AA).
const audit = `(() => {
	const lum = c => {
		const [r, g, b] = c.match(/[\d.]+/g).slice(0, 3).map(v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 });
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const ground = e => {
		for (; e; e = e.parentElement) {
			const c = getComputedStyle(e).backgroundColor;
			if (c !== "rgba(0, 0, 0, 0)") return c;
		}
		return "rgb(255, 255, 255)";
	};
	const faint = [], outside = [];
	for (const e of document.querySelectorAll("h1, h2, h3, p, td, th, dt, dd, code, figcaption, summary, svg text")) {
		const s = getComputedStyle(e), fg = lum(e.tagName === "text" ? s.fill : s.color), bg = lum(ground(e));
		const contrast = (Math.max(fg, bg) + 0.05) / (Math.min(fg, bg) + 0.05);
		if (contrast < 4.5) faint.push(e.textContent + " " + contrast.toFixed(2));
	}
	for (const e of document.querySelectorAll("svg text")) {
		const t = e.getBoundingClientRect(), box = e.ownerSVGElement.getBoundingClientRect();
		if (t.left < box.left - 1 || t.right > box.right + 1 || t.top < box.top - 1 || t.bottom > box.bottom + 1) outside.push(e.textContent);
	}
	const texts = [...document.querySelectorAll("svg text")].map(e => e.getBoundingClientRect().height).filter(h => h > 0);
	return {
		width: document.documentElement.scrollWidth,
		ground: lum(getComputedStyle(document.body).backgroundColor),
		drawings: document.querySelectorAll("figure svg").length,
		faint, outside, smallest: Math.min(...texts),
	};
})()`

func TestPageInChromium(t *testing.T) {
	browser := chromium.Open(t)
	for _, p := range []struct {
		name string
		page func(*testing.T) string
	}{{"full", fullPage}, {"hostile", hostilePage}} {
		url := written(t, p.page(t))
		for _, width := range []int{360, 390, 1280} {
			for _, scheme := range []string{"light", "dark"} {
				name := fmt.Sprintf("%s-%d-%s", p.name, width, scheme)
				browser.Resize(width, scheme)
				browser.Load(url)
				var seen struct {
					Width, Ground, Smallest float64
					Drawings                int
					Faint, Outside          []string
				}
				browser.Eval(audit, &seen)
				var cut bool // the results, of which a phone must show all
				browser.Eval(`(e => e.scrollWidth > e.clientWidth)(document.querySelector(".scroll"))`, &cut)
				if cut && p.name == "full" && width == 390 {
					t.Errorf("%s: the table of results is wider than the screen", name)
				}
				var command struct{ Parts, Broken int } // a flag at the end of a line without its value is misread
				browser.Eval(`(e => ({parts: e.length, broken: e.filter(p => p.getClientRects().length > 1).length}))([...document.querySelectorAll("pre .part")])`, &command)
				if p.name == "full" && (command.Parts < 2 || command.Broken > 0) {
					t.Errorf("%s: of the command's %d parts %d are broken over lines", name, command.Parts, command.Broken)
				}
				if faults := browser.Faults(url); len(faults) > 0 {
					t.Errorf("%s: want no errors and no requests, got %q", name, faults)
				}
				if !browser.Happened("Network.requestWillBeSent") {
					t.Errorf("%s: the request for the page itself must be seen", name)
				}
				if seen.Width > float64(width) {
					t.Errorf("%s: page must be %d pixels wide, got %v", name, width, seen.Width)
				}
				if dark := seen.Ground < 0.2; dark != (scheme == "dark") {
					t.Errorf("%s: background has luminance %v", name, seen.Ground)
				}
				if seen.Drawings < 4 || len(seen.Outside) > 0 || len(seen.Faint) > 0 || seen.Smallest < 9 {
					t.Errorf("%s: want 4 drawings or more, no text outside its drawing, none faint or lower than 9 pixels; got %+v", name, seen)
				}
				browser.Screenshot(name)
			}
		}
	}
}

// written writes a page to a file and returns its address.
func written(t *testing.T, page string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(path, []byte(page), 0o666); err != nil {
		t.Fatal(err)
	}
	return "file://" + path
}

// Everybody can read the page: axe-core finds nothing serious, in light and dark.
func TestPageIsAccessible(t *testing.T) {
	chromium.NeedAxe(t)
	browser := chromium.Open(t)
	url := written(t, fullPage(t))
	for _, width := range []int{390, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			browser.Resize(width, scheme)
			browser.Load(url)
			if found := browser.Axe(); len(found) > 0 {
				t.Errorf("%d, %s: %q", width, scheme, found)
			}
		}
	}
}

// The pointer shows a value, a click on a name hides its line, and one on the head
// of a column sorts.
func TestPageInteraction(t *testing.T) {
	browser := chromium.Open(t)
	browser.Resize(1280, "light")
	url := written(t, fullPage(t))
	browser.Load(url)

	browser.Hover(`document.querySelector("figure svg path[style^='fill:var(--line']:not([style*='opacity'])")`)
	var tip string
	browser.Eval(`document.querySelector(".tip")?.textContent ?? ""`, &tip)
	if !regexp.MustCompile(`^with(out)? dropout, epoch \d+: [\d.]+ % \([\d.]+ % to [\d.]+ %\)$`).MatchString(tip) {
		t.Errorf("the value under the pointer is %q", tip)
	}

	const drawn = `[...document.querySelector("figure svg").querySelectorAll("path[style*='--line1']")].filter(e => getComputedStyle(e).visibility === "visible").length`
	count := func() (n int) { browser.Eval(drawn, &n); return n }
	all := count()
	for _, want := range []int{0, all} {
		browser.Click(`[...document.querySelectorAll("figure svg text")].find(e => e.textContent === "with dropout")`)
		if got := count(); got != want || all < 3 {
			t.Errorf("after a click on its name %d parts of the series are seen, want %d of %d", got, want, all)
		}
	}

	const errors = `[...document.querySelectorAll(".sortable tbody tr")].map(r => Number(r.cells[2].textContent))`
	for _, up := range []bool{true, false} {
		browser.Click(`document.querySelectorAll(".sortable th button")[2]`)
		var got []float64
		browser.Eval(errors, &got)
		if len(got) != 6 || !slices.IsSortedFunc(got, func(a, b float64) int {
			if up {
				return cmp.Compare(a, b)
			}
			return cmp.Compare(b, a)
		}) {
			t.Errorf("sorted, upwards %v: %v", up, got)
		}
	}
	if faults := browser.Faults(url); len(faults) > 0 {
		t.Errorf("want no errors, got %q", faults)
	}
}
