package source

import (
	"crypto/x509"
	"net/http"
	"time"
)

// Options say how sources are reached. The zero value means the defaults.
type Options struct {
	Scratch  string        // folder for what is fetched; "" is the system's
	Memory   int           // for an object of a bucket, before it goes to Scratch; 0 means 8 MiB
	MaxBytes int64         // of all files together; 0 means 64 GiB
	Timeout  time.Duration // for a file from elsewhere, and a second for each MiB on top; 0 means 2 minutes
	Header   http.Header   // credentials for https://, see [ParseHeader]
	// HeaderHosts are the only hosts that are sent Header, see [ParseHosts]; nil means each that a location names. A host that
	// a server redirects to is never sent it.
	HeaderHosts []string
	// PrivateHosts are the hosts that a server may redirect to although their addresses are private or link-local, see [ParseHosts].
	PrivateHosts []string
	RootCAs      *x509.CertPool // who vouches for servers; nil means whom the system trusts
	AllowHTTP    bool           // http:// to other machines too
	Known        []Known        // of each file at an earlier time, in their order; nil for nothing
	Table        TableReader    // reads bq://; nil refuses it
	Progress     func(n int64)  // receives the number of bytes as they are fetched
	// HashLater leaves a delivery of one local file without a hash until [Delivery.Hash], so that the file is read once and
	// not twice: while its content is read, or before that where it is read out of order. Other deliveries are hashed at once.
	HashLater bool
	// AllowMissing passes over files of several that are not there, see [Delivery.Absent]; else all of them are an error.
	AllowMissing bool
}

// Known is what a file was at an earlier time. A server is asked whether that has changed.
type Known struct {
	Validator
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

func (o *Options) setDefaults() {
	if o.MaxBytes <= 0 {
		o.MaxBytes = defaultMaxBytes
	}
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Minute
	}
}
