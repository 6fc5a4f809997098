package source

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxRedirects is how often a server may send on.
const maxRedirects = 5

// client speaks to servers: HTTP/1.1, a connection for each request, so that no answer can follow another. It retries
// nothing; fetch does.
type client struct {
	transport *http.Transport
	header    http.Header // credentials, for a server that the source names
	hosts     []string    // the only ones that are sent header; nil means any
	allowHTTP bool
	private   []string                     // hosts that may be redirected to although their addresses are private
	inside    func(at netip.AddrPort) bool // see isInside, but in tests
	timeout   time.Duration
}

func newClient(opts Options) *client {
	tlsConfig := &tls.Config{RootCAs: opts.RootCAs, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	c := &client{
		header: opts.Header, hosts: opts.HeaderHosts, allowHTTP: opts.AllowHTTP, private: opts.PrivateHosts, inside: isInside, timeout: opts.Timeout,
	}
	dialer := &net.Dialer{ControlContext: c.guard}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	c.transport = &http.Transport{
		Proxy: http.ProxyFromEnvironment, Protocols: protocols, TLSClientConfig: tlsConfig,
		DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 256 << 10,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return underWatch(ctx, c.saw(ctx, conn)), nil
		},
		DialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			d := tls.Dialer{NetDialer: dialer, Config: tlsConfig}
			conn, err := d.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return underWatch(ctx, c.saw(ctx, conn)), nil
		},
	}
	return c
}

// answer is a server's answer to a request.
type answer struct {
	*http.Response
	watch     *watch // nil behind a proxy
	forwarded bool   // to another server, which was sent no credentials
	stranger  bool   // the credentials are for other hosts, so it was sent none
}

// get asks for u, and follows redirects. extra are headers for this request. Close the answer's body.
func (c *client) get(ctx context.Context, u *url.URL, extra http.Header) (*answer, error) {
	a := &answer{stranger: len(c.header) > 0 && !c.knows(u)}
	way := &hops{}
	for hop := 0; ; hop++ {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
		if err != nil {
			return nil, errors.New("not a valid URL") // err would show it
		}
		req.Header.Set("User-Agent", "clientele")
		req.Header.Set("Accept", "*/*")
		req.Header.Set("Accept-Encoding", "identity")
		if !a.forwarded && !a.stranger {
			maps.Copy(req.Header, c.header)
		}
		maps.Copy(req.Header, extra)
		a.watch = nil
		if proxy, err := c.transport.Proxy(req); err == nil && proxy == nil {
			a.watch = newWatch(min(c.timeout/8, 250*time.Millisecond))
			req = req.WithContext(withHops(withWatch(ctx, a.watch), way))
		}
		if a.Response, err = c.transport.RoundTrip(req); errors.Is(err, errInside) {
			return nil, fmt.Errorf("%w to %s, which has a private or link-local address: if it is meant, name the host by --source-private-host", ErrRedirect, u.Hostname())
		} else if err != nil {
			return nil, transportError(ctx, err)
		}
		next, err := c.redirect(u, a.Response, hop)
		if next == nil && err == nil {
			return a, nil
		}
		_ = a.Body.Close()
		if err != nil {
			return nil, err
		}
		a.forwarded = a.forwarded || origin(next) != origin(u)
		way.redirected, way.meant = a.forwarded, ofHosts(c.private, next)
		u = next
	}
}

// redirect returns where the answer sends on to, nil if it does not.
func (c *client) redirect(from *url.URL, r *http.Response, hop int) (*url.URL, error) {
	switch r.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	to, err := from.Parse(r.Header.Get("Location"))
	switch {
	case err != nil || r.Header.Get("Location") == "":
		return nil, fmt.Errorf("%w nowhere", ErrRedirect)
	case hop == maxRedirects:
		return nil, fmt.Errorf("%w more than %d times", ErrRedirect, maxRedirects)
	case to.Scheme != "https" && to.Scheme != "http", to.Hostname() == "", to.User != nil:
		return nil, fmt.Errorf("%w to something other than an https:// URL without a password", ErrRedirect)
	case to.Scheme == "http" && from.Scheme == "https":
		return nil, fmt.Errorf("%w from https to http, on host %s", ErrRedirect, to.Host)
	case origin(to) != origin(from) && !ofHosts(c.private, to) && isLinkLocal(to.Hostname()):
		return nil, fmt.Errorf("%w to the link-local address %s: if it is meant, name the host by --source-private-host", ErrRedirect, to.Hostname())
	case cleartext(to) && !c.allowHTTP:
		return nil, fmt.Errorf("%w to http on another machine, %s", ErrRedirect, to.Host)
	}
	return to, nil
}

// knows reports whether the credentials are for u's host.
func (c *client) knows(u *url.URL) bool {
	return c.hosts == nil || ofHosts(c.hosts, u)
}

// ofHosts reports whether a URL's host is one of those.
func ofHosts(hosts []string, u *url.URL) bool {
	return slices.ContainsFunc(hosts, func(host string) bool {
		return origin(&url.URL{Scheme: u.Scheme, Host: host}) == origin(u)
	})
}

// origin is a server: scheme, host and port.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}

// transportError says why there is no answer. What may get better is a *retryError. No text of it comes from the URL's
// query or from a header.
func transportError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var (
		record    tls.RecordHeaderError
		alert     tls.AlertError
		cert      *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		dns       *net.DNSError
		network   *net.OpError
	)
	switch {
	case errors.As(err, &record):
		return fmt.Errorf("%w: the server does not speak it there", ErrTLS)
	case errors.As(err, &cert):
		return fmt.Errorf("%w: %w", ErrTLS, cert.Err)
	case errors.As(err, &alert), errors.As(err, &authority), errors.As(err, &host), errors.As(err, &invalid):
		return fmt.Errorf("%w: %w", ErrTLS, err)
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Errorf("%w: no host named %s", ErrUnavailable, dns.Name)
	case errors.As(err, &network):
		return &retryError{reason: network.Error()}
	}
	return &retryError{reason: "no answer that is HTTP"} // err may quote what the server said
}
