package objstore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/api/option"
	htransport "google.golang.org/api/transport/http"
)

// maxBodies is how many answers may begin for one object before it is whole. The client asks for the rest of a body that was
// cut, at once and for ever; a network that cuts so many is not going to deliver within the deadline either.
const maxBodies = 10

// newHTTPClient returns the client that the storage client would make, with transport around its own. emulator is
// STORAGE_EMULATOR_HOST, which takes no credentials.
func newHTTPClient(ctx context.Context, emulator string, opts ...option.ClientOption) (*http.Client, error) {
	if emulator != "" {
		opts = append(opts, option.WithoutAuthentication())
	}
	client, _, err := htransport.NewClient(ctx, opts...)
	if err != nil {
		return nil, err
	}
	client.Transport = transport{client.Transport}
	return client, nil
}

// transport sends requests, and refuses what is no answer of the service.
type transport struct{ base http.RoundTripper }

// bodies counts the answers that began in one call.
type bodies struct{ begun atomic.Int64 }

type bodiesKey struct{}

// countBodies bounds how often the client may ask for a body that is cut.
func countBodies(ctx context.Context) context.Context {
	return context.WithValue(ctx, bodiesKey{}, new(bodies))
}

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	count, _ := r.Context().Value(bodiesKey{}).(*bodies)
	if count != nil {
		if err := count.pause(r.Context()); err != nil {
			return nil, err
		}
	}
	answer, err := t.base.RoundTrip(r)
	if err != nil || answer.StatusCode >= http.StatusMultipleChoices {
		return answer, err
	}
	// A page of ours has a generation; a proxy's log-in or error page has none.
	if strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") && answer.Header.Get("X-Goog-Generation") == "" {
		_ = answer.Body.Close()
		return nil, fmt.Errorf("%w: an HTML page came in place of the service's answer; a proxy in between may have sent it", ErrUnavailable)
	}
	if count != nil {
		count.begun.Add(1)
	}
	return answer, nil
}

// pause waits before a body is asked for again: 50 ms, twice as long each time, at most 3 s, less up to a half at random, so
// that many clients do not come back at once.
func (b *bodies) pause(ctx context.Context) error {
	begun := b.begun.Load()
	if begun == 0 {
		return nil
	}
	if begun >= maxBodies {
		return fmt.Errorf("%w: the content was cut off %d times", ErrUnavailable, begun)
	}
	longest := min(50*time.Millisecond<<(begun-1), 3*time.Second)
	timer := time.NewTimer(longest/2 + rand.N(longest/2)) //nolint:gosec // no secret
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
