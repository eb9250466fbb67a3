package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/localserve"
)

// testService asks the service of a run on the dirty file.
func testService(t *testing.T, dir runDir) {
	f, err := dir.final()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(localserve.Guard(newService(f, 5)))
	defer server.Close()
	ask := func(method, path, kind, host, body string) (int, string) {
		t.Helper()
		r, err := http.NewRequest(method, server.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", kind)
		if r.Host = host; strings.HasPrefix(host, "http") {
			r.Host = ""
			r.Header.Set("Origin", host)
		}
		res, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(b)
	}
	const form = "application/x-www-form-urlencoded"
	for _, tt := range []struct {
		name, method, path, kind, host, body string
		status                               int
		want                                 string
	}{
		{"a row", "POST", "/predict", "application/json", "", `{"Größe": 40, "Farbe": "RED", "active": true, "since": "2020-05-01"}`, 200, `"prediction":`},
		{"nothing missing is said", "POST", "/predict", "application/json", "", `{"Größe": 40, "Farbe": "RED", "active": true, "since": "2020-05-01"}`, 200, `"notes":[]`},
		{"rows", "POST", "/predict", "application/json", "", `[{"Größe": 40}, {"Größe": null}]`, 200, `"answers":[{`},
		{"what is missing is said", "POST", "/predict", "application/json", "", `{"Größe": 40}`, 200, `Taken as missing: Farbe, since, active.`},
		{"a column that is not there", "POST", "/predict", "application/json", "", `{"size": 40}`, 400, "must be one of the columns"},
		{"another kind", "POST", "/predict", "application/json", "", `{"Größe": "tall"}`, 400, "must have values of the kind number"},
		{"no JSON", "POST", "/predict", "application/json", "", `{`, 400, "must be an object of columns"},
		{"no rows", "POST", "/predict", "application/json", "", `[]`, 400, "1 to 1000 rows"},
		{"a list in a row", "POST", "/predict", "application/json", "", `{"Größe": [1]}`, 400, "must be text, a number"},
		{"too much", "POST", "/predict", "application/json", "", strings.Repeat(" ", maxBody+1), 413, "at most"},
		{"GET", "GET", "/predict", "", "", "", 405, "only POST"},
		{"the form", "GET", "/", "", "", "", 200, `name="Größe"`},
		{"levels", "GET", "/", "", "", "", 200, `<option value="blue">`},
		{"a form that was sent", "POST", "/", form, "", "Gr%C3%B6%C3%9Fe=40&Farbe=blue", 200, "model uncertainty"},
		{"a form that is wrong", "POST", "/", form, "", "Gr%C3%B6%C3%9Fe=tall", 200, `role="alert"`},
		{"markup in a form", "POST", "/", form, "", "Gr%C3%B6%C3%9Fe=%3Cscript%3E", 200, `value="&lt;script&gt;"`},
		{"another host", "GET", "/", "", "evil.example", "", 403, "the host is not this one"},
		{"another origin", "POST", "/predict", "application/json", "http://evil.example", "{}", 403, "the host is not this one"},
		{"another path", "GET", "/etc/passwd", "", "", "", 404, "not found"},
		{"DELETE", "DELETE", "/", "", "", "", 405, "only GET and POST"},
	} {
		status, body := ask(tt.method, tt.path, tt.kind, tt.host, tt.body)
		if status != tt.status || !strings.Contains(body, tt.want) {
			t.Errorf("%s: must be %d with %q, got %d: %s", tt.name, tt.status, tt.want, status, body)
		}
	}
}
