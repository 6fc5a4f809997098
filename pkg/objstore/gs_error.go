package objstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"
)

// isStatus reports whether the server answered with an HTTP status.
func isStatus(err error, code int) bool {
	var api *googleapi.Error
	return errors.As(err, &api) && api.Code == code
}

// gsError adds the sentinel that a client's error stands for; the error itself stays matchable. What ended by a context
// is sorted out by bound.wrap.
func gsError(err error) error {
	var sentinel error
	var api *googleapi.Error
	var token *auth.Error
	var netErr net.Error
	var urlErr *url.Error
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, ErrUnavailable):
		return err
	case errors.Is(err, storage.ErrBucketNotExist):
		sentinel = ErrNoStore
	case errors.Is(err, storage.ErrObjectNotExist):
		sentinel = ErrNotFound
	case errors.As(err, &api):
		sentinel = statusError(api.Code)
	case errors.As(err, &token) && token.Response != nil && token.Response.StatusCode < 500:
		sentinel = ErrPermission // inside a *url.Error, so it is looked for first
	case errors.As(err, &syntax): // not the service's answer
		sentinel = ErrUnavailable
	case errors.As(err, &netErr), errors.As(err, &urlErr), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		sentinel = ErrUnavailable
	}
	if sentinel == nil {
		return osError(err)
	}
	return fmt.Errorf("%w: %w", sentinel, err)
}

// statusError returns the sentinel of an HTTP status, nil where there is none.
func statusError(code int) error {
	switch {
	case code == http.StatusNotFound:
		return ErrNotFound
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return ErrPermission
	case code == http.StatusRequestTimeout, code == http.StatusTooManyRequests, code >= 500:
		return ErrUnavailable
	}
	return nil
}
