package localserve

import (
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"

	"github.com/pkg/errors"
)

// Pages serves a page at / and answers to programs at /predict.
func Pages(page, predict http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			page(w, r)
		case "/predict":
			predict(w, r)
		default:
			http.NotFound(w, r)
		}
	})
}

// JSON answers a POST with what answer makes of its body, of at most so many bytes. what is
// sent is called so in errors, such as "a request".
func JSON(w http.ResponseWriter, r *http.Request, bytes int64, what string, answer func(ctx context.Context, body []byte) (any, error)) {
	w.Header().Set("Content-Type", "application/json")
	fail := func(status int, err error) {
		w.WriteHeader(status)
		// The client may be gone: nobody is left to tell.
		_ = json.NewEncoder(w).Encode(map[string]string{"error": err.Error()})
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		fail(http.StatusMethodNotAllowed, errors.New("only POST"))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bytes))
	if err != nil {
		fail(http.StatusRequestEntityTooLarge, errors.Errorf("%s must have at most %d bytes", what, bytes))
		return
	}
	a, err := answer(r.Context(), body)
	if err != nil {
		fail(http.StatusBadRequest, err)
		return
	}
	_ = json.NewEncoder(w).Encode(a)
}

// Form prepares the answer to a request for a page with a form, or to the form, of at most
// so many bytes: posted says which. If it is neither, it is refused, and ok is false.
func Form(w http.ResponseWriter, r *http.Request, bytes int64) (posted, ok bool) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return false, true
	case http.MethodPost:
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
			http.Error(w, "only forms", http.StatusUnsupportedMediaType)
			return false, false
		}
		r.Body = http.MaxBytesReader(w, r.Body, bytes)
		if err := r.ParseForm(); err != nil {
			http.Error(w, "the form is too large or damaged", http.StatusBadRequest)
			return false, false
		}
		return true, true
	}
	w.Header().Set("Allow", "GET, HEAD, POST")
	http.Error(w, "only GET and POST", http.StatusMethodNotAllowed)
	return false, false
}

// A Turn is had by one request at a time; others wait.
type Turn chan struct{}

// NewTurn returns a Turn that nobody has.
func NewTurn() Turn { return make(Turn, 1) }

// Take waits for the turn, which done ends, unless ctx is done before.
func (t Turn) Take(ctx context.Context) (done func(), err error) {
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
