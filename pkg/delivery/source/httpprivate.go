package source

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
)

// A server from outside may not send a request on to where it cannot reach itself: to this machine, to the network behind the
// firewall, to the metadata service of a cloud. It is the address that is connected to which counts, not the name. A server that is
// inside itself may send on to others there; nobody may send on to link-local addresses.

// errInside says that a redirect leads inside.
var errInside = errors.New("a redirect to a private or link-local address")

// hops is the way of a request so far.
type hops struct {
	fromInside atomic.Bool // the server that the source names is inside
	redirected bool        // to another server
	meant      bool        // which the settings name
}

type hopsKey struct{}

func withHops(ctx context.Context, h *hops) context.Context {
	return context.WithValue(ctx, hopsKey{}, h)
}

// guard refuses an address before it is connected to. Behind a proxy there are no hops: the proxy connects.
func (c *client) guard(ctx context.Context, _, address string, _ syscall.RawConn) error {
	h, ok := ctx.Value(hopsKey{}).(*hops)
	if !ok || !h.redirected || h.meant {
		return nil
	}
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return errInside // no address of the internet
	}
	if isLinkLocal(at.Addr().String()) || c.inside(at) && !h.fromInside.Load() {
		return errInside
	}
	return nil
}

// saw notes where the server is that the source names.
func (c *client) saw(ctx context.Context, conn net.Conn) net.Conn {
	if h, ok := ctx.Value(hopsKey{}).(*hops); ok && !h.redirected {
		at, err := netip.ParseAddrPort(conn.RemoteAddr().String())
		h.fromInside.Store(err == nil && c.inside(at))
	}
	return conn
}

// shared is what a provider's customers share behind it, RFC 6598.
var shared = netip.MustParsePrefix("100.64.0.0/10")

// isInside reports whether an address is not one of the internet's.
func isInside(at netip.AddrPort) bool {
	ip := at.Addr().Unmap()
	return !ip.IsGlobalUnicast() || ip.IsPrivate() || shared.Contains(ip)
}

// isLinkLocal reports whether a host is written as an address that is link-local, as metadata services are.
func isLinkLocal(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.Unmap().IsLinkLocalUnicast() || ip.Unmap().IsLinkLocalMulticast())
}
