package cmd_test

import (
	"errors"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

// manifest is what the tests look at of any object in docs/deploy/kubernetes.yaml.
type manifest struct {
	Kind string
	Spec struct {
		Ports    []struct{ TargetPort string }
		Ingress  []struct{ Ports []struct{ Port string } }
		Template struct{ Spec pod }
	}
}

type pod struct {
	TerminationGracePeriodSeconds int
	AutomountServiceAccountToken  *bool
	SecurityContext               struct {
		RunAsNonRoot   bool
		SeccompProfile struct{ Type string }
	}
	Containers []container
	Volumes    []struct{ Name string }
}

type container struct {
	Args  []string
	Env   []struct{ Name, Value string }
	Ports []struct {
		Name          string
		ContainerPort string
	}
	StartupProbe, LivenessProbe, ReadinessProbe struct{ HTTPGet struct{ Path, Port string } }

	Lifecycle struct {
		PreStop struct{ Sleep struct{ Seconds int } }
	}
	SecurityContext struct {
		AllowPrivilegeEscalation *bool
		ReadOnlyRootFilesystem   bool
		Capabilities             struct{ Drop []string }
	}
	VolumeMounts []struct{ Name, MountPath string }
}

// UnmarshalYAML reads names as Kubernetes writes them, with capitals inside.
func (m *manifest) UnmarshalYAML(n *yaml.Node) error {
	lowerKeys(n)
	type plain manifest
	return n.Decode((*plain)(m))
}

// lowerKeys has keys as yaml.v3 wants them for fields without tags.
func lowerKeys(n *yaml.Node) {
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			c.Value = strings.ToLower(c.Value)
		}
		lowerKeys(c)
	}
}

// manifests are the objects of a kind.
func manifests(t *testing.T, kind string) (found []manifest) {
	t.Helper()
	for from := yaml.NewDecoder(strings.NewReader(deployed(t, "kubernetes.yaml"))); ; {
		var m manifest
		err := from.Decode(&m)
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		if m.Kind == kind {
			found = append(found, m)
		}
	}
	if len(found) == 0 {
		t.Fatalf("there is no %s", kind)
	}
	return found
}

func deployedPod(t *testing.T) (pod, container) {
	t.Helper()
	p := manifests(t, "Deployment")[0].Spec.Template.Spec
	if len(p.Containers) != 1 {
		t.Fatalf("the pod has %d containers", len(p.Containers))
	}
	return p, p.Containers[0]
}

// The pods' containers give options and variables that there are.
func TestKubernetesOptions(t *testing.T) {
	h := newServeHome(t)
	_, main := deployedPod(t)
	out, err := h.command(append(main.Args, "--check", "--admin-addr", "127.0.0.1:1")...).CombinedOutput() // where nothing is
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 255 {
		t.Errorf("%q: %v %s", main.Args, err, out)
	}
	_, known, _ := strings.Cut(h.run(t, "help"), "ENVIRONMENT")
	for _, v := range main.Env {
		if !regexp.MustCompile(`\b` + v.Name + `\b`).MatchString(known) {
			t.Errorf("the program knows no %s", v.Name)
		}
	}
}

// What the pods read is where it was mounted.
func TestKubernetesFiles(t *testing.T) {
	p, main := deployedPod(t)
	volumes := map[string]bool{}
	for _, v := range p.Volumes {
		volumes[v.Name] = true
	}
	var mounted []string
	for _, m := range main.VolumeMounts {
		mounted = append(mounted, regexp.QuoteMeta(m.MountPath))
		if !volumes[m.Name] {
			t.Errorf("there is no volume %s", m.Name)
		}
	}
	texts := strings.Join(main.Args, "\n")
	for _, v := range main.Env {
		if v.Name != "SIGNER_HOME" { // where nothing has to be
			texts += "\n" + v.Value
		}
	}
	in := regexp.MustCompile("^(" + strings.Join(mounted, "|") + ")(/|$)")
	for _, file := range regexp.MustCompile(`(?m)(?:^|=)(/[^&\n]+)`).FindAllStringSubmatch(texts, -1) {
		if !in.MatchString(file[1]) {
			t.Errorf("%s is nowhere", file[1])
		}
	}
}

// Ports agree: those that the program listens on, the containers', services' and the policy's.
func TestKubernetesPorts(t *testing.T) {
	_, main := deployedPod(t)
	listens := map[string]string{"api": "--addr=", "admin": "--admin-addr="}
	ports := map[string]bool{}
	for _, p := range main.Ports {
		ports[p.Name] = true
		if args := strings.Join(main.Args, " ") + " "; !strings.Contains(args, " "+listens[p.Name]+"0.0.0.0:"+p.ContainerPort+" ") {
			t.Errorf("nobody listens on %s, %s: %s", p.Name, p.ContainerPort, args)
		}
	}
	asked := []string{main.StartupProbe.HTTPGet.Port, main.LivenessProbe.HTTPGet.Port, main.ReadinessProbe.HTTPGet.Port}
	for _, s := range manifests(t, "Service") {
		asked = append(asked, s.Spec.Ports[0].TargetPort)
	}
	for _, rule := range manifests(t, "NetworkPolicy")[0].Spec.Ingress {
		asked = append(asked, rule.Ports[0].Port)
	}
	for _, name := range asked {
		if !ports[name] {
			t.Errorf("the pods have no port %q", name)
		}
	}
	if want := []string{"admin", "admin", "admin", "api", "admin", "api", "admin"}; !cmp.Equal(asked, want) {
		t.Error(cmp.Diff(want, asked))
	}
}

// The probes ask for what is served.
func TestKubernetesProbes(t *testing.T) {
	_, main := deployedPod(t)
	s := newServeHome(t).start(t)
	for _, path := range []string{main.StartupProbe.HTTPGet.Path, main.LivenessProbe.HTTPGet.Path, main.ReadinessProbe.HTTPGet.Path} {
		if status, body := get(t, s.admin+path); status != 200 || body != "ok\n" {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

// Pods have time to stop, and may do little.
func TestKubernetesBounds(t *testing.T) {
	p, main := deployedPod(t)
	const grace, parting, spans = 30, 5, 5
	if least := main.Lifecycle.PreStop.Sleep.Seconds + grace + parting + spans; p.TerminationGracePeriodSeconds <= least {
		t.Errorf("it is killed after %d seconds, and may need %d", p.TerminationGracePeriodSeconds, least)
	}
	if !strings.Contains(strings.Join(main.Args, " "), " --grace=30 ") {
		t.Errorf("it takes other than %d seconds to stop: %q", grace, main.Args)
	}
	if !p.SecurityContext.RunAsNonRoot || p.SecurityContext.SeccompProfile.Type != "RuntimeDefault" || p.AutomountServiceAccountToken == nil || *p.AutomountServiceAccountToken {
		t.Errorf("the pod may do more than it need: %+v", p.SecurityContext)
	}
	may := main.SecurityContext
	if may.AllowPrivilegeEscalation == nil || *may.AllowPrivilegeEscalation || !may.ReadOnlyRootFilesystem || !cmp.Equal(may.Capabilities.Drop, []string{"ALL"}) {
		t.Errorf("it may do more than it need: %+v", may)
	}
}
