// Package kubernetes holds the manifest of sweeps and checks it without a
// cluster. It is a module of its own, so that nobody else needs Kubernetes'.
package kubernetes

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/yaml"

	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
)

// objects are what the manifest holds.
type objects struct {
	service core.Service
	server  apps.StatefulSet
	workers batch.Job
}

func documents(t *testing.T) [][]byte {
	t.Helper()
	data, err := os.ReadFile("sweep.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(data, []byte("\n---\n"))
}

// parse reads each object as its type in Kubernetes' API, without unknown or
// repeated fields.
func parse(t *testing.T) *objects {
	t.Helper()
	o := &objects{}
	byKind := map[string]any{"v1 Service": &o.service, "apps/v1 StatefulSet": &o.server, "batch/v1 Job": &o.workers}
	for _, data := range documents(t) {
		var head struct{ APIVersion, Kind string }
		if err := yaml.Unmarshal(data, &head); err != nil {
			t.Fatal(err)
		}
		kind := head.APIVersion + " " + head.Kind
		to := byKind[kind]
		if to == nil {
			t.Fatalf("want each of Service, StatefulSet and Job once, got %s", kind)
		}
		delete(byKind, kind)
		if err := yaml.UnmarshalStrict(data, to); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
	}
	if len(byKind) > 0 {
		t.Fatalf("the manifest lacks %v", byKind)
	}
	return o
}

// The published schema of the API has every field, with its type and what is
// required.
func TestSchema(t *testing.T) {
	for _, data := range documents(t) {
		for _, wrong := range check(t, data) {
			t.Error(wrong)
		}
	}
}

// The check finds what is wrong.
func TestSchemaFinds(t *testing.T) {
	job := documents(t)[2]
	for _, tt := range []struct{ from, to, want string }{
		{"parallelism: 8", "paralelism: 8", "Job.spec.paralelism: unknown field"},
		{"parallelism: 8", "parallelism: eight", "Job.spec.parallelism: want integer"},
		{"- name: worker\n", "- tty: true\n", "containers[0].name: required"},
		{"drop: [ALL]", "drop: ALL", "capabilities.drop: want array"},
		{"automountServiceAccountToken: false", "automountServiceAccountToken: 0", "automountServiceAccountToken: want boolean"},
		{"kind: Job", "kind: Jab", "no schema"},
	} {
		broken := strings.Replace(string(job), tt.from, tt.to, 1)
		if broken == string(job) {
			t.Fatalf("the manifest has no %q", tt.from)
		}
		if got := strings.Join(check(t, []byte(broken)), "\n"); !strings.Contains(got, tt.want) {
			t.Errorf("%s: want %q, got %q", tt.to, tt.want, got)
		}
	}
}

// check returns where an object departs from the schema of its kind.
func check(t *testing.T, data []byte) []string {
	t.Helper()
	var o map[string]any
	if err := yaml.Unmarshal(data, &o); err != nil {
		t.Fatal(err)
	}
	kind := kyaml.TypeMeta{APIVersion: fmt.Sprint(o["apiVersion"]), Kind: fmt.Sprint(o["kind"])}
	s := openapi.SchemaForResourceType(kind)
	if s == nil {
		return []string{fmt.Sprintf("%v: no schema", kind)}
	}
	var wrong []string
	walk(kind.Kind, s.Schema, o, func(path, format string, args ...any) {
		wrong = append(wrong, path+": "+fmt.Sprintf(format, args...))
	})
	return wrong
}

func walk(path string, s *spec.Schema, v any, report func(path, format string, args ...any)) {
	for s.Ref.String() != "" {
		ref := s.Ref.String()
		var err error
		if s, err = openapi.Resolve(&s.Ref, openapi.Schema()); err != nil {
			report(path, "%v", err)
			return
		}
		// A quantity is a string in the schema; a number is accepted too.
		if _, isNumber := v.(float64); isNumber && (strings.HasSuffix(ref, "Quantity") || strings.HasSuffix(ref, "IntOrString")) {
			return
		}
	}
	if len(s.Type) == 0 {
		return // anything
	}
	kinds := map[string]func() bool{
		"object":  func() bool { _, ok := v.(map[string]any); return ok },
		"array":   func() bool { _, ok := v.([]any); return ok },
		"string":  func() bool { _, ok := v.(string); return ok },
		"boolean": func() bool { _, ok := v.(bool); return ok },
		"number":  func() bool { _, ok := v.(float64); return ok },
		"integer": func() bool { f, ok := v.(float64); return ok && f == float64(int64(f)) },
	}
	is := kinds[s.Type[0]]
	if is == nil {
		report(path, "schema of an unknown type %s", s.Type[0])
		return
	}
	if !is() {
		report(path, "want %s, got %v", s.Type[0], v)
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range s.Required {
			if _, ok := v[name]; !ok {
				report(path+"."+name, "required")
			}
		}
		for name, value := range v {
			field, ok := s.Properties[name]
			switch {
			case ok:
				walk(path+"."+name, &field, value, report)
			case s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil:
				walk(path+"."+name, s.AdditionalProperties.Schema, value, report)
			case len(s.Properties) > 0:
				report(path+"."+name, "unknown field")
			}
		}
	case []any:
		for i, item := range v {
			walk(fmt.Sprintf("%s[%d]", path, i), s.Items.Schema, item, report)
		}
	}
}

// Pods run as nobody in particular, may write where they need to only, and have
// bounds; secrets are referred to.
func TestPodsAreConfined(t *testing.T) {
	o := parse(t)
	for name, pod := range map[string]core.PodSpec{"server": o.server.Spec.Template.Spec, "worker": o.workers.Spec.Template.Spec} {
		s := pod.SecurityContext
		if s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || s.RunAsUser == nil || *s.RunAsUser == 0 ||
			s.SeccompProfile == nil || s.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault {
			t.Errorf("%s: pod must run as another user than root, with the default seccomp profile", name)
		}
		if a := pod.AutomountServiceAccountToken; a == nil || *a {
			t.Errorf("%s: pod needs no token of the cluster", name)
		}
		volumes := make(map[string]bool)
		for _, v := range pod.Volumes {
			volumes[v.Name] = true
		}
		for _, v := range o.server.Spec.VolumeClaimTemplates {
			volumes[v.Name] = true
		}
		for _, c := range pod.Containers {
			s := c.SecurityContext
			if s == nil || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation ||
				s.Capabilities == nil || len(s.Capabilities.Drop) != 1 || s.Capabilities.Drop[0] != "ALL" {
				t.Errorf("%s: container must have a read-only root and no capabilities", name)
			}
			if c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() || c.Resources.Limits.Memory().IsZero() {
				t.Errorf("%s: container must say what it needs", name)
			}
			for _, m := range c.VolumeMounts {
				if !volumes[m.Name] {
					t.Errorf("%s: there is no volume %s", name, m.Name)
				}
			}
			for _, e := range c.Env {
				if regexp.MustCompile(`(?i)pass|secret|token|key`).MatchString(e.Name) && e.Value != "" {
					t.Errorf("%s: %s must not be in the manifest", name, e.Name)
				}
			}
		}
	}
}

// The parts find each other.
func TestPartsFit(t *testing.T) {
	o := parse(t)
	labels := o.server.Spec.Template.Labels
	for key, value := range o.service.Spec.Selector {
		if labels[key] != value || o.server.Spec.Selector.MatchLabels[key] != value {
			t.Errorf("the service looks for %s=%s, pods have %v", key, value, labels)
		}
	}
	server := o.server.Spec.Template.Spec.Containers[0]
	worker := o.workers.Spec.Template.Spec.Containers[0]
	port := o.service.Spec.Ports[0]
	if port.TargetPort.String() != server.Ports[0].Name || server.Image != worker.Image {
		t.Errorf("got port %s for %s, images %s and %s", port.TargetPort.String(), server.Ports[0].Name, server.Image, worker.Image)
	}
	for _, want := range []struct {
		args []string
		arg  string
	}{
		{worker.Args, fmt.Sprintf("--nats=tls://%s:%d", o.service.Name, port.Port)},
		{server.Args, fmt.Sprintf("--listen=0.0.0.0:%d", server.Ports[0].ContainerPort)},
	} {
		if !strings.Contains(strings.Join(want.args, " "), want.arg) {
			t.Errorf("want %s among %v", want.arg, want.args)
		}
	}
	if o.workers.Spec.Completions != nil || *o.workers.Spec.Parallelism < 2 || o.workers.Spec.Template.Spec.RestartPolicy != core.RestartPolicyOnFailure {
		t.Errorf("the job must be one of many workers on a queue, got %+v", o.workers.Spec)
	}
	if *o.server.Spec.Replicas != 1 {
		t.Errorf("a store has one server, got %d", *o.server.Spec.Replicas)
	}
}
