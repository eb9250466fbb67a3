package models_test

import (
	"os"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/models"
)

// A layer that is nil is an error wherever layers are given.
func TestNilLayers(t *testing.T) {
	for _, tt := range []struct {
		name  string
		net   models.Layer
		shape []int
	}{
		{"Sequential", models.Sequential{models.ReLU(), nil}, []int{4}},
		{"Residual", models.Residual(nil), []int{4}},
		{"PerToken", models.PerToken(nil), []int{3, 4}},
		{"Scope.Apply", models.LayerFunc(func(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) { return s.Apply("a", nil, x) }), []int{4}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := models.New(tt.net, tt.shape)
			if err == nil || !strings.HasPrefix(err.Error(), "models: ") || !strings.Contains(err.Error(), "nil") {
				t.Errorf("want an error about a layer that is nil, got %v", err)
			}
		})
	}
}

// A device or pipe in place of a file of weights is an error, not waited for.
func TestLoadRegularFiles(t *testing.T) {
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Skip("no device here")
	}
	m, err := models.New(models.Linear(2, 2), []int{2})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Load(os.DevNull); err == nil || !strings.HasSuffix(err.Error(), "must be a regular file, got a device") {
		t.Errorf("got %v", err)
	}
}
