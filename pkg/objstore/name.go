package objstore

import (
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// maxName is the longest object name that Cloud Storage takes, in bytes, the store's prefix included.
const maxName = 1024

// maxPart is the longest part of a name that common file systems take, in bytes.
const maxPart = 255

// location is a parsed store URL.
type location struct {
	scheme string
	host   string // bucket, or name of the store in memory; empty for file
	prefix string // within the bucket or the store in memory; the absolute folder for file
}

// parseURL splits file:///abs, mem://name[/prefix] and gs://bucket[/prefix]. What follows the scheme is taken as it is:
// no escapes, no query.
func parseURL(url string) (location, error) {
	bad := func(why string) (location, error) { return location{}, fmt.Errorf("open store %q: %s", url, why) }
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return bad("want file:///folder, mem://name or gs://bucket/prefix")
	}
	switch scheme {
	case "file":
		if !filepath.IsAbs(rest) {
			return bad("want an absolute folder, as in file:///var/clientele")
		}
		return location{scheme: scheme, prefix: filepath.Clean(rest)}, nil
	case "mem", "gs":
		host, prefix, _ := strings.Cut(rest, "/")
		prefix = strings.TrimRight(prefix, "/")
		if host == "" {
			return bad("want a name after " + scheme + "://")
		}
		if prefix != "" {
			if err := checkName(prefix); err != nil {
				return bad("prefix: " + err.Error())
			}
		}
		return location{scheme: scheme, host: host, prefix: prefix}, nil
	}
	return bad("unknown scheme " + scheme + ", want file, mem or gs")
}

// String writes the location as the URL it came from, without a slash at the end.
func (l location) String() string {
	switch {
	case l.scheme == "file":
		return "file://" + filepath.ToSlash(l.prefix)
	case l.prefix == "":
		return l.scheme + "://" + l.host
	}
	return l.scheme + "://" + l.host + "/" + l.prefix
}

// join puts the location's prefix before name.
func (l location) join(name string) string {
	if l.prefix == "" {
		return name
	}
	return l.prefix + "/" + name
}

// CheckName returns an error unless every store can hold an object of that name.
func CheckName(name string) error { return checkName(name) }

// checkName refuses names that do not mean the same in every store. No part begins with a dot: "." and ".." would leave
// the store, and the file driver keeps what is not finished under such names.
func checkName(name string) error {
	if len(name) > maxName {
		return fmt.Errorf("name of %d bytes, at most %d", len(name), maxName)
	}
	if !utf8.ValidString(name) {
		return fmt.Errorf("name %q is not UTF-8", name)
	}
	for _, r := range name {
		if r == '\\' || r < 0x20 || r == 0x7f {
			return fmt.Errorf("name %q has a backslash or a control character", name)
		}
	}
	for part := range strings.SplitSeq(name, "/") {
		switch {
		case part == "":
			return fmt.Errorf("name %q is empty, absolute or has an empty part", name)
		case part[0] == '.':
			return fmt.Errorf("name %q has a part that begins with a dot", name)
		case len(part) > maxPart:
			return fmt.Errorf("name %q has a part of more than %d bytes", name, maxPart)
		}
	}
	return nil
}
