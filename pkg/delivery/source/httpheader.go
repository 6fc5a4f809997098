package source

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
)

// ownHeaders are what a request says by itself: credentials must not change which bytes are asked for.
var ownHeaders = []string{
	"Accept", "Accept-Encoding", "Connection", "Content-Length", "Host", "If-Match", "If-Modified-Since", "If-None-Match",
	"If-Range", "If-Unmodified-Since", "Keep-Alive", "Proxy-Connection", "Range", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// ParseHeader reads the headers that a request shows a server as credentials, one a line, such as "Authorization: Bearer …".
// No error shows a value.
func ParseHeader(text string) (http.Header, error) {
	h := http.Header{}
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if value = strings.TrimSpace(value); !ok || !isToken(name) || value == "" {
			return nil, errors.New("want lines such as Authorization: Bearer …")
		}
		if strings.ContainsFunc(value, isControl) {
			return nil, fmt.Errorf("the value of %.40s has bytes that a header cannot have", name)
		}
		name = textproto.CanonicalMIMEHeaderKey(name)
		for _, own := range ownHeaders {
			if name == own {
				return nil, fmt.Errorf("%s cannot be set: each request sets it itself", name)
			}
		}
		h.Add(name, value)
	}
	if len(h) == 0 {
		return nil, errors.New("it is empty; want lines such as Authorization: Bearer …")
	}
	return h, nil
}

// ParseHosts reads the hosts that credentials are for: shop.example, or shop.example:8443 where it is not the scheme's port;
// several are separated by commas. An empty text is none.
func ParseHosts(text string) ([]string, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var hosts []string
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		u, err := url.Parse("https://" + part)
		if err != nil || part == "" || u.Host != part || u.Hostname() == "" {
			return nil, errors.New("want a host such as shop.example or shop.example:8443, several separated by commas")
		}
		hosts = append(hosts, part)
	}
	return hosts, nil
}

// isToken reports whether a header can be named so (RFC 9110, 5.6.2).
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r > '~' || r <= ' ' || strings.ContainsRune("\"(),/:;<=>?@[\\]{}", r)
	})
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
