package source

import "github.com/clientele/clientele/pkg/fault"

// Classes of errors. Every error about a source wraps at most one of them, and names the source.
var (
	ErrNotThere    = fault.ErrTemporary.New("source", "it is not there yet")
	ErrUnavailable = fault.ErrTemporary.New("source_unavailable", "it is not available at the moment")
	ErrChanged     = fault.ErrTemporary.New("source_changed", "it changed while it was read")

	ErrPermission = fault.ErrConfig.New("permission", "no permission to read it")
	ErrTLS        = fault.ErrConfig.New("tls", "no TLS connection to the server")
	ErrRedirect   = fault.ErrConfig.New("redirect", "it is redirected")

	ErrNotFile = fault.ErrUsage.New("source", "it is not a regular file")
	ErrRefused = fault.ErrUsage.New("source_refused", "the request is refused")

	ErrDamaged  = fault.ErrBadData.New("damaged", "it is truncated or damaged")
	ErrFormat   = fault.ErrBadData.New("format", "its format is not supported")
	ErrTwice    = fault.ErrBadData.New("twice", "it is in the delivery twice")
	ErrTooBig   = fault.ErrBadData.New("too_large", "it is larger than allowed")
	ErrTooLarge = fault.ErrBadData.New("too_large", "it is too large when unpacked")
	// ErrBomb is an ErrTooLarge that no limit would allow: no text packs so well.
	ErrBomb = ErrTooLarge.New("too_large", "it is too large when unpacked, like an archive bomb")
)
