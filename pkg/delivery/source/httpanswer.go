package source

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Validator is what a server knows a version of a source by.
type Validator struct {
	ETag         string `json:"etag,omitempty"`          // a strong one
	LastModified string `json:"last_modified,omitempty"` // if it was long past when it was said
	Generation   int64  `json:"generation,omitempty"`    // of gs://
	Table        string `json:"table,omitempty"`         // of bq://, see [TableReader]
}

// ifRange returns what proves to a server that a rest is wanted of this very version, "" for nothing.
func (v Validator) ifRange() string {
	if v.ETag != "" {
		return v.ETag
	}
	return v.LastModified
}

// settled is how long a change must be past for its time, which is in seconds, to tell versions apart.
const settled = time.Minute

// validatorOf reads a head. Weak tags are not taken: they promise the same meaning, not the same bytes.
func validatorOf(h http.Header) Validator {
	var v Validator
	if tag := h.Get("ETag"); len(tag) > 2 && len(tag) <= 512 && tag[0] == '"' && strings.IndexByte(tag[1:], '"') == len(tag)-2 {
		v.ETag = tag
	}
	modified, err := http.ParseTime(h.Get("Last-Modified"))
	said, saidErr := http.ParseTime(h.Get("Date"))
	if err == nil && saidErr == nil && said.Sub(modified) >= settled {
		v.LastModified = modified.UTC().Format(http.TimeFormat)
	}
	return v
}

// chunked reports whether an answer says by itself where it ends. Without that and without a length it ends where the
// connection does, and nobody can tell a cut from the end.
func chunked(r *http.Response) bool { return slices.Contains(r.TransferEncoding, "chunked") }

// contentRange reads "bytes 0-99/1000": from is the first byte, to is one past the last.
func contentRange(s string) (from, to, total int64, err error) {
	bad := errors.New("it sent a part without saying which")
	span, size, ok := strings.Cut(strings.TrimPrefix(s, "bytes "), "/")
	first, last, ok2 := strings.Cut(span, "-")
	if !ok || !ok2 || !strings.HasPrefix(s, "bytes ") {
		return 0, 0, 0, bad
	}
	numbers := make([]int64, 3)
	for i, digits := range []string{first, last, size} {
		n, err := strconv.ParseUint(digits, 10, 62)
		if err != nil {
			return 0, 0, 0, bad
		}
		numbers[i] = int64(n)
	}
	from, to, total = numbers[0], numbers[1]+1, numbers[2]
	if from >= to || to > total {
		return 0, 0, 0, bad
	}
	return from, to, total, nil
}

// retryError says that another request may do better.
type retryError struct {
	reason string
	after  time.Duration // as the server asks, 0 if it does not
}

func (e *retryError) Error() string { return e.reason }

// refusal says what an answer without the wanted content means. Nothing that the server wrote is shown: it may repeat
// credentials.
func refusal(a *answer) error {
	code := a.StatusCode
	status := fmt.Sprintf("the server answers %d %s", code, http.StatusText(code))
	switch {
	case a.stranger:
		status += ", and the credentials are for other hosts, so it was sent none"
	case a.forwarded:
		status += ", behind a redirect to another server, which is shown no credentials"
	}
	switch {
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusProxyAuthRequired:
		return fmt.Errorf("%w: %s", ErrPermission, status)
	case code == http.StatusNotFound, code == http.StatusGone, code == http.StatusAccepted, code == http.StatusNoContent:
		return fmt.Errorf("%w: %s", ErrNotThere, status)
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		return &retryError{reason: status, after: retryAfter(a.Header)}
	}
	if code < http.StatusBadRequest { // a part, "not modified" or a choice that nobody asked for
		return &retryError{reason: status + ", which nobody asked for"}
	}
	return fmt.Errorf("%w: %s", ErrRefused, status)
}

// retryAfter reads how long a server asks to be left alone. A point in time is compared with the server's own clock.
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	until, err := http.ParseTime(text)
	now, nowErr := http.ParseTime(h.Get("Date"))
	if err != nil || nowErr != nil {
		return 0
	}
	return max(0, until.Sub(now))
}
