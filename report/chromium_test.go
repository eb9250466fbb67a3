package report_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A tab is a page of a headless Chromium, spoken to over pipes in the DevTools
// protocol: JSON messages that end with a zero byte.
type tab struct {
	t       *testing.T
	in      *os.File
	out     chan message
	last    int
	session string
	events  []message
}

type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct{ Message string }
}

// openTab starts Chromium, or skips the test where there is none.
func openTab(t *testing.T) *tab {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("pipes to chromium are absent on Windows: pages are not checked in a browser")
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("chromium is absent: pages are not checked in a browser")
	}
	toR, toW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromR, fromW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--remote-debugging-pipe", "--user-data-dir="+t.TempDir(), "about:blank")
	cmd.ExtraFiles = []*os.File{toR, fromW} // descriptors 3 and 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	toR.Close()
	fromW.Close()
	b := &tab{t: t, in: toW, out: make(chan message, 1000)}
	go func() {
		defer close(b.out)
		for r := bufio.NewReader(fromR); ; {
			data, err := r.ReadBytes(0)
			if err != nil {
				return
			}
			var m message
			if json.Unmarshal(data[:len(data)-1], &m) == nil {
				b.out <- m
			}
		}
	}()
	t.Cleanup(func() {
		// Asked to close, it leaves nothing behind that writes to its directory.
		b.send("Browser.close", nil)
		done := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
		cmd.Wait()
		done.Stop()
		toW.Close()
		fromR.Close()
	})
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.call(domain+".enable", nil, nil)
	}
	return b
}

func (b *tab) send(method string, params any) {
	b.last++
	m := map[string]any{"id": b.last, "method": method}
	if params != nil {
		m["params"] = params
	}
	if b.session != "" && !strings.HasPrefix(method, "Browser.") {
		m["sessionId"] = b.session
	}
	data, err := json.Marshal(m)
	if err != nil {
		b.t.Fatal(err)
	}
	b.in.Write(append(data, 0))
}

// next returns the next message; events are kept.
func (b *tab) next(method string) message {
	b.t.Helper()
	select {
	case m, ok := <-b.out:
		if !ok {
			b.t.Fatalf("chromium ended before it answered %s", method)
		}
		if m.Method != "" {
			b.events = append(b.events, m)
		}
		return m
	case <-time.After(time.Minute):
		b.t.Fatalf("chromium did not answer %s", method)
	}
	panic("unreachable")
}

// call calls a method and waits for what it returns.
func (b *tab) call(method string, params, result any) {
	b.t.Helper()
	b.send(method, params)
	for id := b.last; ; {
		m := b.next(method)
		if m.ID != id {
			continue
		}
		if m.Error != nil {
			b.t.Fatalf("%s: %s", method, m.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				b.t.Fatalf("%s: %v", method, err)
			}
		}
		return
	}
}

// open loads a page and waits until it is there with all that it asks for.
func (b *tab) open(url string) {
	b.t.Helper()
	b.events = nil
	b.call("Page.navigate", map[string]any{"url": url}, nil)
	for !b.happened("Page.loadEventFired") {
		b.next("Page.navigate")
	}
}

func (b *tab) happened(method string) bool {
	for _, e := range b.events {
		if e.Method == method {
			return true
		}
	}
	return false
}

// eval evaluates an expression that returns JSON.
func (b *tab) eval(expression string, result any) {
	b.t.Helper()
	var r struct {
		Result           struct{ Value string }
		ExceptionDetails json.RawMessage
	}
	b.call("Runtime.evaluate", map[string]any{"expression": "JSON.stringify(" + expression + ")"}, &r)
	if r.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, r.ExceptionDetails)
	}
	if err := json.Unmarshal([]byte(r.Result.Value), result); err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
}

// faults are the errors and warnings of the page's console and the requests
// that it made for anything but itself.
func (b *tab) faults(page string) []string {
	var faults []string
	for _, e := range b.events {
		var p struct {
			Type             string
			Entry            struct{ Level, Text string }
			Request          struct{ URL string }
			ExceptionDetails struct{ Text string }
		}
		if err := json.Unmarshal(e.Params, &p); err != nil {
			b.t.Fatal(err)
		}
		switch e.Method {
		case "Runtime.consoleAPICalled":
			faults = append(faults, "console: "+string(e.Params))
		case "Runtime.exceptionThrown":
			faults = append(faults, "exception: "+p.ExceptionDetails.Text)
		case "Log.entryAdded":
			faults = append(faults, p.Entry.Level+": "+p.Entry.Text)
		case "Network.requestWillBeSent":
			if url := p.Request.URL; url != page && !strings.HasPrefix(url, "data:") {
				faults = append(faults, "request: "+url)
			}
		}
	}
	return faults
}

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
	browser := openTab(t)
	for _, p := range []struct {
		name string
		page func(*testing.T) string
	}{{"full", fullPage}, {"hostile", hostilePage}} {
		path := filepath.Join(t.TempDir(), "page.html")
		if err := os.WriteFile(path, []byte(p.page(t)), 0o666); err != nil {
			t.Fatal(err)
		}
		url := "file://" + path
		for _, width := range []int{390, 1280} {
			for _, scheme := range []string{"light", "dark"} {
				name := fmt.Sprintf("%s-%d-%s", p.name, width, scheme)
				browser.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
				browser.call("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}}}, nil)
				browser.open(url)
				var seen struct {
					Width, Ground, Smallest float64
					Drawings                int
					Faint, Outside          []string
				}
				browser.eval(audit, &seen)
				if faults := browser.faults(url); len(faults) > 0 {
					t.Errorf("%s: want no errors and no requests, got %q", name, faults)
				}
				if !browser.happened("Network.requestWillBeSent") {
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
				browser.screenshot(name)
			}
		}
	}
}

// screenshot saves what is to be seen in the directory that the environment
// names, if any, for people to look at.
func (b *tab) screenshot(name string) {
	dir := os.Getenv("REPORT_SCREENSHOTS")
	if dir == "" {
		return
	}
	var shot struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}, &shot)
	data, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), data, 0o666)
	}
	if err != nil {
		b.t.Error(err)
	}
}
