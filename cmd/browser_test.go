package cmd_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

var screenshots = flag.String("browser.screenshots", "", "a directory for pictures of the pages that a browser is shown")

// browser is a page of Chromium, driven through its DevTools protocol
// (https://chromedevtools.github.io/devtools-protocol/) over a pair of pipes. It may
// be used by one goroutine.
type browser struct {
	testing.TB
	to      *os.File
	from    chan message
	session string
	last    int
	said    []string // what the browser had to complain about
	loaded  string   // the loader of the document that was loaded last
}

// message is what either side says.
type message struct {
	ID        int             `json:"id,omitempty"`
	SessionID string          `json:"sessionId,omitempty"`
	Method    string          `json:"method,omitempty"`
	Params    any             `json:"params,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     json.RawMessage `json:"error,omitempty"`
}

// openBrowser starts a browser, if there is one, and ends it with the test.
func openBrowser(t testing.TB) *browser {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no chromium")
	}
	profile, err := os.MkdirTemp("", "chromium-")
	must(t, err)
	c := exec.Command(program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--user-data-dir="+profile, "--remote-debugging-pipe", "about:blank")
	c.Env = append(os.Environ(), "HOME="+profile)
	hears, to, err := os.Pipe()
	must(t, err)
	from, says, err := os.Pipe()
	must(t, err)
	c.ExtraFiles = []*os.File{hears, says} // descriptors 3 and 4
	must(t, c.Start())
	hears.Close()
	says.Close()
	b := &browser{TB: t, to: to, from: make(chan message, 1000)}
	t.Cleanup(func() {
		to.Close()
		c.Process.Kill()
		c.Wait()
		for range 50 { // its other processes may still write
			if os.RemoveAll(profile) == nil {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
	go b.listen(from)
	b.attach()
	return b
}

func (b *browser) listen(from *os.File) {
	defer close(b.from)
	defer from.Close()
	for r := bufio.NewReader(from); ; {
		line, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(line[:len(line)-1], &m) == nil {
			b.from <- m
		}
	}
}

// attach opens a page. It runs no scripts but ours.
func (b *browser) attach() {
	b.Helper()
	var page struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &page)
	var session struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": page.TargetID, "flatten": true}, &session)
	b.session = session.SessionID
	for _, domain := range []string{"Page", "Log", "Runtime"} {
		b.call(domain+".enable", nil, nil)
	}
	b.call("Page.setLifecycleEventsEnabled", map[string]any{"enabled": true}, nil)
	b.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
}

// call asks for something and waits for the answer.
func (b *browser) call(method string, params, result any) {
	b.Helper()
	b.last++
	text, err := json.Marshal(message{ID: b.last, SessionID: b.session, Method: method, Params: params})
	must(b, err)
	_, err = b.to.Write(append(text, 0))
	must(b, err)
	for {
		m := b.next(method)
		if m.ID != b.last {
			continue
		}
		if m.Error != nil {
			b.Fatalf("%s: %s", method, m.Error)
		}
		if result != nil {
			must(b, json.Unmarshal(m.Result, result))
		}
		return
	}
}

// next is what the browser says next.
func (b *browser) next(doing string) message {
	b.Helper()
	select {
	case m, ok := <-b.from:
		if !ok {
			b.Fatalf("%s: the browser has ended", doing)
		}
		switch m.Method {
		case "Page.lifecycleEvent":
			if p, ok := m.Params.(map[string]any); ok && p["name"] == "load" {
				b.loaded, _ = p["loaderId"].(string)
			}
		case "Log.entryAdded", "Runtime.exceptionThrown", "Page.javascriptDialogOpening":
			text, _ := json.Marshal(m.Params)
			b.said = append(b.said, string(text))
		}
		return m
	case <-time.After(patience):
		b.Fatalf("%s: the browser does not answer", doing)
		return message{}
	}
}

// load does something that leads from a page that is loaded to another one, and waits
// for that.
func (b *browser) load(do func()) {
	b.Helper()
	before := b.loaded
	do()
	for b.loaded == before {
		b.next("load a page")
	}
}

// visit loads a page. That of others, such as the empty one that a browser begins with,
// may come late, and is not taken for it.
func (b *browser) visit(url string) {
	b.Helper()
	var page struct{ LoaderID string }
	b.call("Page.navigate", map[string]any{"url": url}, &page)
	for b.loaded != page.LoaderID {
		b.next("load " + url)
	}
}

// eval runs a script of ours in the page, whatever the page allows itself.
func (b *browser) eval(script string, result any) {
	b.Helper()
	var out struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	b.call("Runtime.evaluate", map[string]any{"expression": script, "returnByValue": true}, &out)
	if out.ExceptionDetails != nil {
		b.Fatalf("%s: %s", script, out.ExceptionDetails)
	}
	if result != nil {
		must(b, json.Unmarshal(out.Result.Value, result))
	}
}

// text is what a script finds in the page.
func (b *browser) text(script string) (text string) {
	b.Helper()
	b.eval("String("+script+")", &text)
	return text
}

// wide makes the window so many points wide, and the page light or dark.
func (b *browser) wide(width int, scheme string) {
	b.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// press presses a key.
func (b *browser) press(key string) {
	b.Helper()
	code := map[string]int{"Tab": 9, "Enter": 13}[key]
	for _, kind := range []string{"keyDown", "keyUp"} {
		p := map[string]any{"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code}
		if key == "Enter" && kind == "keyDown" {
			p["text"] = "\r"
		}
		b.call("Input.dispatchKeyEvent", p, nil)
	}
}

// picture keeps a picture of the whole page, for people.
func (b *browser) picture(name string) {
	b.Helper()
	if *screenshots == "" {
		return
	}
	var out struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}, &out)
	png, err := base64.StdEncoding.DecodeString(out.Data)
	must(b, err)
	must(b, os.WriteFile(filepath.Join(*screenshots, name+".png"), png, 0o600))
}
