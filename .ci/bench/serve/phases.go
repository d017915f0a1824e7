package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"signer/.ci/bench/measure"
)

// payloads signs payloads.
func payloads(h *home) {
	s := h.start()
	defer s.stop()
	s.measure(signPayload)
}

const payload = `{"targetArtifact":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:73c803930ea3ba1e54bc25c2bdc53edd0284c62ed651fe7b00369da519a3c333","size":16724}}`

func signPayload(ctx context.Context, c *client, _ int) string {
	body := fmt.Sprintf(`{"profileName": "images", "payloadFormat": "application/vnd.cncf.notary.payload.v1+json", "payload": "%s"}`, base64.StdEncoding.EncodeToString([]byte(payload)))
	return problem(c.send(ctx, "POST", "/signing-jobs/with-payload", body))
}

// measure puts the server under load, says what came of it, and returns that.
func (s *server) measure(what act) result {
	ended := make(chan struct{})
	done := make(chan []string)
	go s.watch(ended, done)
	before := s.usage()
	r := load(s.address, s.key, s.clients, s.length, what)
	used := s.usage().processor - before.processor
	close(ended)
	fmt.Printf("   %v\n   processor time: server %.1f s, clients %.1f s, of %.1f s; MB resident: %s\n", r, used.Seconds(), r.own.Seconds(), r.length.Seconds(), strings.Join(<-done, " "))
	for problem, n := range r.others {
		s.fail("%d times: %s", n, problem)
	}
	return r
}

// watch notes from time to time how much memory the server has.
func (s *server) watch(ended <-chan struct{}, done chan<- []string) {
	var seen []string
	for every := time.NewTicker(max(s.length/12, time.Second)); ; {
		select {
		case <-every.C:
			seen = append(seen, fmt.Sprint(s.usage().resident))
		case <-ended:
			every.Stop()
			done <- seen
			return
		}
	}
}

// jobs starts jobs, and waits until they have ended.
func jobs(h *home) {
	s := h.start()
	defer s.stop()
	began, before := time.Now(), s.usage().processor
	r := s.measure(h.startJob(nil))
	s.drain()
	took, used := time.Since(began), s.usage().processor-before
	n := len(r.took)
	fmt.Printf("   all %d have ended %.1f s after the load: %.0f jobs a second from the first request to the last signature, with %s of processor time each; %d MB resident\n",
		n, (took - r.length).Seconds(), float64(n)/took.Seconds(), ms(used/time.Duration(max(1, n))), s.usage().resident)
}

// startJob starts a job, and notes its id.
func (h *home) startJob(note func(id string)) act {
	return func(ctx context.Context, c *client, _ int) string {
		body := fmt.Sprintf(`{"source": {"s3": {"bucketName": "source", "key": "app.zip", "version": "%s"}}, "destination": {"s3": {"bucketName": "destination", "prefix": "signed/"}}, `+
			`"profileName": "web", "clientRequestToken": "%s"}`, h.version, token())
		status, text, err := c.send(ctx, "POST", "/signing-jobs", body)
		if found := problem(status, text, err); found != "" || note == nil {
			return found
		}
		var answer struct{ JobID string }
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			return err.Error()
		}
		note(answer.JobID)
		return ""
	}
}

// drain waits until no job is in progress.
func (s *server) drain() {
	c := newClient(s.address, s.key)
	for {
		status, text, err := c.send(context.Background(), "GET", "/signing-jobs?status=InProgress&maxResults=1", "")
		measure.Check(err)
		if status == 200 && !strings.Contains(text, "jobId") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// profiles makes signing profiles, each of which is a small transaction.
func profiles(h *home) {
	s := h.start()
	defer s.stop()
	s.measure(putProfile)
}

func putProfile(ctx context.Context, c *client, n int) string {
	return problem(c.send(ctx, "PUT", fmt.Sprintf("/signing-profiles/load_%d", n), `{"platformId": "AWSLambda-SHA384-ECDSA"}`))
}

// moto does the same with moto's server, which keeps profiles in memory.
func moto(h *home) {
	program, err := exec.LookPath("moto_server")
	if err != nil {
		fmt.Println("   skipped: there is no moto_server")
		return
	}
	address := freeAddress()
	_, port, _ := net.SplitHostPort(address)
	c := exec.Command(program, "-H", "127.0.0.1", "-p", port)
	measure.Check(c.Start())
	defer c.Process.Kill()
	for range 600 {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	r := load(address, aws.Credentials{AccessKeyID: "x", SecretAccessKey: "x"}, h.clients, h.length, putProfile)
	fmt.Printf("   PutSigningProfile: %v\n", r)
	for problem, n := range r.others {
		fmt.Printf("   %d times: %s\n", n, problem)
	}
}

func freeAddress() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	measure.Check(err)
	defer l.Close()
	return l.Addr().String()
}

// killed kills the server under load, three times, and looks for what it had
// acknowledged.
func killed(h *home) {
	var mu sync.Mutex
	var acknowledged []string
	note := func(id string) {
		mu.Lock()
		defer mu.Unlock()
		acknowledged = append(acknowledged, id)
	}
	for range 3 {
		s := h.start()
		time.AfterFunc(h.length/12, func() { s.process.Process.Kill() })
		load(s.address, h.key, h.clients, h.length/10, h.startJob(note))
		s.process.Wait()
	}
	s := h.start()
	defer s.stop()
	s.drain()
	states := map[string]int{}
	c := newClient(s.address, h.key)
	for _, id := range acknowledged {
		_, text, err := c.send(context.Background(), "GET", "/signing-jobs/"+id, "")
		measure.Check(err)
		var job struct{ Status string }
		measure.Check(json.Unmarshal([]byte(text), &job))
		states[job.Status]++
	}
	fmt.Printf("   %d jobs were acknowledged; they are now %v\n", len(acknowledged), states)
	if states["Succeeded"] != len(acknowledged) || len(acknowledged) == 0 {
		h.fail("jobs were lost")
	}
}
