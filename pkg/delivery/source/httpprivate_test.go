package source

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// outside is a server that redirects to another one, and inside the other. Both are on this machine: which of them has a private
// address is told to the client.
func TestRedirectsInside(t *testing.T) {
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("secret")) }))
	defer inside.Close()
	to := inside.URL
	outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }))
	defer outside.Close()
	port := func(s *httptest.Server) uint16 {
		u, err := url.Parse(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.ParseUint(u.Port(), 10, 16)
		if err != nil {
			t.Fatal(err)
		}
		return uint16(n)
	}
	only := func(ports ...uint16) func(netip.AddrPort) bool {
		return func(at netip.AddrPort) bool {
			for _, p := range ports {
				if at.Port() == p {
					return true
				}
			}
			return false
		}
	}
	for name, c := range map[string]struct {
		private []string
		inside  func(netip.AddrPort) bool
		to      string
		ok      bool
	}{
		"from outside to inside":             {nil, only(port(inside)), inside.URL, false},
		"by a name":                          {nil, only(port(inside)), strings.Replace(inside.URL, "127.0.0.1", "localhost", 1), false},
		"to a host that is named":            {[]string{strings.TrimPrefix(inside.URL, "http://")}, only(port(inside)), inside.URL, true},
		"another host is named":              {[]string{"127.0.0.1:1"}, only(port(inside)), inside.URL, false},
		"from inside to inside":              {nil, only(port(inside), port(outside)), inside.URL, true},
		"outside":                            {nil, only(), inside.URL, true},
		"from inside to a metadata service":  {nil, only(port(outside)), "http://169.254.169.254/latest", false},
		"from outside to a metadata service": {nil, only(), "http://169.254.169.254/latest", false},
		"as IPv6 writes it":                  {nil, only(port(outside)), "http://[::ffff:169.254.169.254]/latest", false},
		"a link-local address of IPv6":       {nil, only(port(outside)), "http://[fe80::1]/latest", false},
	} {
		to = c.to
		client := newClient(Options{Timeout: 2 * time.Second, AllowHTTP: true, PrivateHosts: c.private})
		client.inside = c.inside
		from, err := url.Parse(outside.URL)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		a, err := client.get(ctx, from, nil)
		cancel()
		if err == nil {
			_ = a.Body.Close()
		}
		if c.ok && err != nil || !c.ok && (!errors.Is(err, ErrRedirect) || !strings.Contains(err.Error(), "--source-private-host")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The ranges are those of RFC 1918, 3927, 4193, 4291, 5735 and 6598.
func TestPrivateAddresses(t *testing.T) {
	for text, want := range map[string]bool{
		"127.0.0.1": true, "10.1.2.3": true, "172.16.0.1": true, "192.168.1.1": true, "169.254.169.254": true, "100.64.0.1": true, "0.0.0.0": true,
		"224.0.0.1": true, "::1": true, "fe80::1": true, "fd00::1": true, "::ffff:10.0.0.1": true, "8.8.8.8": false, "172.32.0.1": false, "100.128.0.1": false,
		"2001:4860:4860::8888": false,
	} {
		if got := isInside(netip.AddrPortFrom(netip.MustParseAddr(text), 443)); got != want {
			t.Errorf("%s is inside: %v", text, got)
		}
	}
}
