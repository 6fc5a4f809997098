package source

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/clientele/clientele/pkg/objstore"
)

// Location is the address of one file of a delivery, or a pattern of local files or of objects in a bucket.
type Location struct {
	raw    string
	scheme string // file, http, https, gs or bq
	path   string // of a local file
	url    *url.URL
	bucket string
	object string
	table  string // of BigQuery
}

// Parse reads a list of sources, one a line: paths, file://, https://, http://, gs:// and bq://, paths with *, ? and [, and gs:// with * and ?. Line
// ends rather than commas, because names and URLs have commas. A message of an error never shows what may be secret in a URL.
func Parse(list string) ([]Location, error) {
	var all []Location
	var errs []error
	for line := range strings.SplitSeq(list, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		l, err := parseOne(line)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all = append(all, l)
	}
	if len(all) == 0 && len(errs) == 0 {
		return nil, errors.New("needs a path or a file://, https://, gs:// or bq:// URL")
	}
	return all, errors.Join(errs...)
}

func parseOne(raw string) (Location, error) {
	l := Location{raw: raw, scheme: "file", path: raw}
	scheme, rest, isURL := strings.Cut(raw, "://")
	if isURL {
		l.scheme, l.path = strings.ToLower(scheme), ""
	}
	switch {
	case !isURL:
		return l, checkPattern(raw)
	case l.scheme == "gs":
		return l.gs(rest)
	case l.scheme == "bq":
		if l.table = strings.TrimSuffix(rest, "/"); l.table == "" || strings.ContainsAny(l.table, "/`\\") {
			return l, errors.New("want bq://project.dataset.table or, with a query, bq://project")
		}
		return l, nil
	case l.scheme == "file", l.scheme == "http", l.scheme == "https":
	default:
		return l, fmt.Errorf("%.20s:// is not a kind of source; want a path, file://, https://, gs:// or bq://", scheme)
	}
	u, err := url.Parse(raw)
	if err != nil {
		return l, fmt.Errorf("not a URL that can be read: %s://…", l.scheme) // the error would show all of it
	}
	if l.scheme == "file" {
		if u.Host != "" || u.RawQuery != "" || u.Fragment != "" || len(u.Path) < 2 {
			return l, errors.New("want file:///path, with %20 for a blank and the like")
		}
		l.path = u.Path
		return l, checkPattern(u.Path)
	}
	switch l.url = u; {
	case u.User != nil:
		return l, fmt.Errorf("%s: no user or password in a URL; give them as a header", l)
	case u.Hostname() == "":
		return l, fmt.Errorf("%s: it has no host", l)
	case u.Fragment != "":
		return l, fmt.Errorf("%s: remove the # part: no server receives it", l)
	}
	return l, nil
}

// gs reads bucket/object. Everything after the bucket is the object's name as it is: no escapes, no query.
func (l Location) gs(rest string) (Location, error) {
	l.bucket, l.object, _ = strings.Cut(rest, "/")
	if l.bucket == "" || l.object == "" {
		return l, errors.New("want gs://bucket/object")
	}
	if strings.ContainsAny(l.bucket, "*?") {
		return l, fmt.Errorf("%s: a pattern is of objects, not of buckets", l)
	}
	return l, objstore.CheckName(l.object)
}

func checkPattern(path string) error {
	if _, err := filepath.Match(path, ""); err != nil && strings.ContainsAny(path, "*?") {
		return fmt.Errorf("%s: not a pattern: %w", path, err)
	}
	return nil
}

// String returns the location as people and records may see it: without user, password and query, where secrets are.
func (l Location) String() string {
	if l.url == nil {
		return l.raw
	}
	return shown(l.url)
}

func shown(u *url.URL) string {
	return u.Scheme + "://" + u.Host + u.EscapedPath()
}

// ID returns the location in full, secrets included: to be hashed, never to be shown.
func (l Location) ID() string { return l.raw }

// Remote reports whether it is on a server or in a bucket.
func (l Location) Remote() bool { return l.scheme != "file" }

// Cleartext reports whether what is sent there could be read on the way: http to another machine.
func (l Location) Cleartext() bool { return l.url != nil && cleartext(l.url) }

func cleartext(u *url.URL) bool {
	if u.Scheme != "http" {
		return false
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	return host != "localhost" && !net.ParseIP(host).IsLoopback()
}

// Redact returns a list of sources, right or wrong, as people may see it: without what may be a user, a password or a query.
func Redact(list string) string {
	var out []string
	for line := range strings.SplitSeq(list, "\n") {
		scheme, rest, isURL := strings.Cut(line, "://")
		if isURL && !strings.EqualFold(strings.TrimSpace(scheme), "gs") {
			rest, _, _ = strings.Cut(rest, "?")
			rest, _, _ = strings.Cut(rest, "#")
			rest = rest[strings.LastIndex(rest, "@")+1:]
			line = scheme + "://" + rest
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}
