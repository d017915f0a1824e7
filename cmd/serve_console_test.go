package cmd_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const nasty = `<img src=x onerror=alert(1)> it's "$(x)" ` + "\u202egpj.zip"

// showcase fills a home with one of everything that the console shows.
func showcase(t *testing.T, h *serveHome) {
	t.Helper()
	put := func(key string, body []byte) string {
		version, err := h.put(t.Context(), "source", key, body)
		must(t, err)
		return version
	}
	good, bad := put(nasty, archive(t)), put("bad.zip", []byte("no archive"))
	h.run(t, "put-signing-profile", "--profile-name", "web", "--platform-id", lambda)
	for _, kind := range []string{"ec", "rsa:2048"} {
		args := []string{"req", "-x509", "-newkey", kind, "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "30", "-subj", "/CN=device <b>" + kind[:2] + "<\\/b>"}
		if kind == "ec" {
			args = append(args, "-pkeyopt", "ec_paramgen_curve:P-256")
		}
		c := exec.Command("openssl", args...)
		c.Dir = h.dir
		if out, err := c.CombinedOutput(); err != nil {
			t.Skipf("openssl: %v %s", err, out)
		}
		arn := h.run(t, "acm", "import-certificate", "--certificate", "fileb://"+h.dir+"/cert.pem", "--private-key", "fileb://"+h.dir+"/key.pem", "--query", "CertificateArn", "--output", "text")
		for name, platform := range map[string]map[string]string{
			"ec":       {"iot": "AWSIoTDeviceManagement-SHA256-ECDSA", "rtos": "AmazonFreeRTOS-Default"},
			"rsa:2048": {"ti": "AmazonFreeRTOS-TI-CC3220SF"},
		}[kind] {
			h.run(t, "put-signing-profile", "--profile-name", name, "--platform-id", platform, "--signing-material", "certificateArn="+arn)
		}
	}
	job := func(profile, key, version string) string {
		source := fmt.Sprintf(`{"s3":{"bucketName":"source","key":%q,"version":%q}}`, key, version)
		return h.run(t, "start-signing-job", "--source", source, "--destination", `{"s3":{"bucketName":"destination","prefix":"-a 'b'/"}}`, "--profile-name", profile, "--query", "jobId", "--output", "text")
	}
	for _, profile := range []string{"ti", "rtos", "iot", "web"} {
		job(profile, nasty, good)
	}
	job("web", "bad.zip", bad)
	h.run(t, "revoke-signature", "--job-id", job("web", nasty, good), "--reason", nasty)
}

func TestServeConsole(t *testing.T) {
	h := newServeHome(t)
	b := openBrowser(t)
	showcase(t, h)
	s := h.start(t)
	for name, test := range map[string]func(*testing.T, *serveHome, *served, *browser){"pages": testConsolePages, "commands": testConsoleCommands} {
		t.Run(name, func(t *testing.T) {
			b.TB = t
			test(t, h, s, b)
		})
	}
	b.TB = t
	if len(b.said) > 0 {
		t.Errorf("the browser says: %s", b.said)
	}
	s.quiet(t)
}

// A browser shows everything, to everybody, and nothing that it was not told to.
func testConsolePages(t *testing.T, h *serveHome, s *served, b *browser) {
	at := s.admin + "/" + serveAccount + "/" + serveRegion + "/"
	b.wide(1200, "light")
	b.visit(s.admin)
	if got := b.text(`document.title + [...document.querySelectorAll(".cards a")].map(e => e.innerText).join()`); got != "Overview – signer"+serveAccount+"\n"+serveRegion {
		t.Errorf("the overview has %q", got)
	}
	b.load(func() { b.eval(`document.querySelector(".cards a").click()`, nil) })
	const statuses = `[...document.querySelectorAll("tbody tr")].map(r => r.querySelector("[data-label=Status]").innerText).join()`
	if got := b.text(statuses); got != "Succeeded\nRevoked,Failed,Succeeded,Succeeded,Succeeded,Succeeded" && got != "Succeeded Revoked,Failed,Succeeded,Succeeded,Succeeded,Succeeded" {
		t.Errorf("the jobs are %q", got)
	}
	b.load(func() {
		b.eval(`document.querySelector("select[name=status]").value = "Failed"; document.querySelector("form").requestSubmit()`, nil)
	})
	if got := b.text(statuses) + b.text(`document.querySelector("select[name=status]").value`); got != "FailedFailed" {
		t.Errorf("filtered, they are %q", got)
	}
	b.load(func() { b.eval(`document.querySelector("tbody a").click()`, nil) })
	if got := b.text(`document.querySelector("h1").innerText`); !strings.HasPrefix(got, "Job ") {
		t.Errorf("the job is %q", got)
	}
	b.visit(at + "jobs")
	b.press("Tab")
	if got := b.text(`document.activeElement.className + (document.activeElement.getBoundingClientRect().left >= 0)`); got != "skiptrue" {
		t.Errorf("the first key leads to %q", got)
	}
	var links []string
	b.eval(`[...document.querySelectorAll("tbody a")].map(a => a.href)`, &links)
	for i, page := range append([]string{s.admin, at + "jobs", at + "profiles", at + "profiles/web", at + "revocations", at + "platforms", at + "jobs?requestedBy=x"}, links[:2]...) {
		b.check(page, fmt.Sprint(i))
	}
	before := b.said
	b.visit(s.admin + "/nowhere") // of which the browser says that it is not there
	for len(b.said) == len(before) {
		b.next("say that nothing is there")
	}
	if got := b.text(`document.querySelector("h1").innerText`); got != "404 Not Found" {
		t.Errorf("nowhere is %q", got)
	}
	b.said = before
}

// faults finds what keeps people from reading a page, and what should not be in it.
// Contrast is WCAG 2.2's, criterion 1.4.3.
const faults = `(() => {
	const all = [...document.querySelectorAll("*")], found = [];
	const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b };
	const colour = s => s.match(/[\d.]+/g).map(Number);
	const ground = e => { for (; e; e = e.parentElement) { const c = colour(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c } return [255, 255, 255] };
	for (const e of all) {
		for (const a of e.attributes) if (a.name.startsWith("on") || a.name === "style") found.push("attribute " + a.name);
		if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || !e.getClientRects().length || e.closest("head")) continue;
		const [a, b] = [light(colour(getComputedStyle(e).color).slice(0, 3)), light(ground(e).slice(0, 3))], ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
		if (ratio < 4.5) found.push("contrast " + ratio.toFixed(1) + " of " + e.outerHTML.slice(0, 60));
	}
	if (document.scripts.length) found.push("scripts");
	if (document.querySelectorAll("h1").length !== 1) found.push("headings");
	for (const e of document.querySelectorAll("img:not([alt]), th:not([scope]), nav:not([aria-label])")) found.push(e.outerHTML);
	for (const e of document.querySelectorAll("input, select")) if (!e.labels.length) found.push("no label for " + e.name);
	for (const e of document.querySelectorAll("a, button")) if (!e.innerText.trim() && e.className !== "skip") found.push("no name for " + e.outerHTML);
	const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
	if (new Set(ids).size !== ids.length) found.push("ids");
	const wide = document.documentElement.scrollWidth;
	if (wide > innerWidth) found.push(wide + " points wide, in a window of " + innerWidth);
	return found.join("; ");
})()`

// check looks at a page in several ways.
func (b *browser) check(page, name string) {
	b.Helper()
	for i, scheme := range []string{"light", "dark"} {
		b.wide([]int{1200, 360}[i], scheme)
		b.visit(page)
		if found := b.text(faults); found != "" {
			b.Errorf("%s, %s: %s", page, scheme, found)
		}
		b.picture(name + "-" + scheme)
	}
}

// The commands of a job's page do what the page says.
func testConsoleCommands(t *testing.T, h *serveHome, s *served, b *browser) {
	for _, program := range []string{"bash", "openssl", "unzip"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("there is no %s", program)
		}
	}
	b.visit(s.admin + "/" + serveAccount + "/" + serveRegion + "/jobs?status=Succeeded")
	var links []string
	b.eval(`[...document.querySelectorAll("tbody tr")].filter(r => !r.innerText.includes("Revoked")).map(r => r.querySelector("a").href)`, &links)
	if len(links) != 4 {
		t.Fatalf("there are %d jobs", len(links))
	}
	for _, page := range links {
		b.visit(page)
		dir := t.TempDir()
		_, pem := get(t, page+"/certificates.pem")
		must(t, os.WriteFile(filepath.Join(dir, "certificates.pem"), []byte(pem), 0o600))
		var steps []string
		b.eval(`[...document.querySelectorAll(".steps pre")].map(e => e.innerText)`, &steps)
		if len(steps) != 3 {
			t.Errorf("%s has %d steps", page, len(steps))
		}
		for _, step := range steps {
			if out, err := h.shell(dir, step); err != nil {
				t.Errorf("%s: %v\n%s\n%s", page, err, step, out)
			}
		}
		// Another file is not what was signed.
		for _, name := range []string{"signed.zip", "payload"} {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				must(t, os.WriteFile(filepath.Join(dir, "content.sha384"), []byte("another"), 0o600))
				must(t, os.WriteFile(filepath.Join(dir, name), []byte("another"), 0o600))
			}
		}
		last := steps[len(steps)-1]
		if out, err := h.shell(dir, last[strings.LastIndex(last, "openssl "):]); err == nil {
			t.Errorf("%s: OpenSSL takes another file: %s", page, out)
		}
	}
}

// shell runs commands as people do who copy them.
func (h *serveHome) shell(dir, commands string) (string, error) {
	c := h.command()
	c.Path, _ = exec.LookPath("bash")
	c.Args = []string{"bash", "--norc", "-ec", "set -o pipefail\n" + commands}
	c.Dir = dir
	for i, v := range c.Env {
		if path, ok := strings.CutPrefix(v, "PATH="); ok {
			c.Env[i] = "PATH=" + filepath.Dir(h.program) + ":" + path
		}
	}
	out, err := c.CombinedOutput()
	return string(out), err
}
