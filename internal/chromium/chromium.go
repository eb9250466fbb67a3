// Package chromium lets tests look at pages in a headless Chromium if one is
// installed.
package chromium

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// A Tab is a page of a headless Chromium, spoken to over pipes in the DevTools
// protocol: JSON messages that end with a zero byte.
type Tab struct {
	t       *testing.T
	in      *os.File
	out     chan message
	last    int
	session string
	events  []message
	at      struct{ X, Y float64 } // of the mouse
}

type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct{ Message string }
}

// Open starts Chromium, or skips the test where there is none.
func Open(t *testing.T) *Tab {
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
	b := &Tab{t: t, in: toW, out: make(chan message, 1000)}
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
	b.Call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.Call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.Call(domain+".enable", nil, nil)
	}
	return b
}

func (b *Tab) send(method string, params any) {
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
func (b *Tab) next(method string) message {
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
	return message{} // Fatalf does not return
}

// Call calls a method and waits for what it returns.
func (b *Tab) Call(method string, params, result any) {
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

// Load loads a page and waits until it is there with all that it asks for.
func (b *Tab) Load(url string) {
	b.t.Helper()
	b.events = nil
	b.Call("Page.navigate", map[string]any{"url": url}, nil)
	b.Wait("Page.loadEventFired", 1)
}

// Wait waits until an event has come so many times since the page was loaded.
func (b *Tab) Wait(method string, times int) {
	b.t.Helper()
	for {
		came := 0
		for _, e := range b.events {
			if e.Method == method {
				came++
			}
		}
		if came >= times {
			return
		}
		b.next(method)
	}
}

// Happened reports whether an event came since the page was loaded.
func (b *Tab) Happened(method string) bool {
	for _, e := range b.events {
		if e.Method == method {
			return true
		}
	}
	return false
}

// Eval evaluates an expression, waits for it if it is a promise, and decodes the JSON of its value.
func (b *Tab) Eval(expression string, result any) {
	b.t.Helper()
	var r struct {
		Result           struct{ Value string }
		ExceptionDetails json.RawMessage
	}
	b.Call("Runtime.evaluate", map[string]any{"expression": "(async () => JSON.stringify(await (" + expression + ")))()", "awaitPromise": true}, &r)
	if r.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, r.ExceptionDetails)
	}
	if err := json.Unmarshal([]byte(r.Result.Value), result); err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
}

// Faults returns the errors and warnings of the page's console and the requests
// that it made for anything but itself and what it may ask for, such as
// "predict", from its own server.
func (b *Tab) Faults(page string, may ...string) []string {
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
			asked := slices.ContainsFunc(may, func(path string) bool { return p.Request.URL == page+path })
			if url := p.Request.URL; url != page && !asked && !strings.HasPrefix(url, "data:") {
				faults = append(faults, "request: "+url)
			}
		}
	}
	return faults
}

// Resize sets the width of the screen in pixels and its colour scheme, light or dark.
func (b *Tab) Resize(width int, scheme string) {
	b.t.Helper()
	b.Call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	b.Call("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// Click presses and releases the mouse in the middle of an element.
func (b *Tab) Click(expression string) {
	b.t.Helper()
	b.point(expression)
	b.mouse("mousePressed")
	b.mouse("mouseReleased")
}

// Drag presses the mouse in an element, moves it along points and releases it.
// Points are shares of the element's width and height.
func (b *Tab) Drag(expression string, points ...[2]float64) {
	b.t.Helper()
	b.point(expression)
	var box struct{ X, Y, Width, Height float64 }
	b.Eval(expression+`.getBoundingClientRect()`, &box)
	for i, p := range points {
		b.at.X, b.at.Y = box.X+p[0]*box.Width, box.Y+p[1]*box.Height
		b.mouse("mouseMoved")
		if i == 0 {
			b.mouse("mousePressed")
		}
	}
	b.mouse("mouseReleased")
}

// Hover moves the mouse to the middle of an element.
func (b *Tab) Hover(expression string) {
	b.t.Helper()
	b.point(expression)
	b.mouse("mouseMoved")
}

// point brings the middle of an element into view and keeps where it is. It waits
// until the page has heard of the scrolling, which ends what the pointer shows.
func (b *Tab) point(expression string) {
	b.t.Helper()
	b.Eval(`(async () => { const e = `+expression+`; e.scrollIntoView({block: "center", behavior: "instant"}); for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame); const r = e.getBoundingClientRect(); return {x: r.x + r.width / 2, y: r.y + r.height / 2}; })()`, &b.at)
}

func (b *Tab) mouse(kind string) {
	b.t.Helper()
	b.Call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": b.at.X, "y": b.at.Y, "button": "left", "clickCount": 1}, nil)
}

// Screenshot saves what is to be seen in the directory that the environment
// names, if any, for people to look at.
func (b *Tab) Screenshot(name string) {
	dir := os.Getenv("REPORT_SCREENSHOTS")
	if dir == "" {
		return
	}
	var shot struct{ Data string }
	b.Call("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}, &shot)
	data, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), data, 0o666)
	}
	if err != nil {
		b.t.Error(err)
	}
}
