package source

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// watch notices a server that sends more than the length it announced: net/http stops at that length and closes the
// connection, so that a body which was announced too short would look whole. It sees what comes on one connection that
// carries one answer.
type watch struct {
	linger time.Duration // how long the server has to close the connection, or to say more

	mu     sync.Mutex
	head   []byte // of the answer, until it has ended
	inBody bool
	body   int64 // bytes after the head
	wanted int64 // announced, -1 where that is not known
	closed chan struct{}
}

func newWatch(linger time.Duration) *watch {
	return &watch{linger: linger, wanted: -1, closed: make(chan struct{})}
}

// surplus reports, when the body was read to its announced end, whether the server has sent more.
func (w *watch) surplus(ctx context.Context) bool {
	select {
	case <-w.closed:
	case <-ctx.Done():
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.wanted >= 0 && w.body > w.wanted
}

// see takes note of what has come.
func (w *watch) see(b []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.inBody {
		w.body += int64(len(b))
		return
	}
	w.head = append(w.head, b...)
	for {
		end := headEnd(w.head)
		if end < 0 {
			return
		}
		head := w.head[:end]
		w.head = w.head[end:]
		if !bytes.HasPrefix(head, []byte("HTTP/1.1 1")) { // those only inform
			w.inBody, w.body, w.wanted = true, int64(len(w.head)), announced(head)
			w.head = nil
			return
		}
	}
}

// announced returns the length that a head announces, or -1.
func announced(head []byte) int64 {
	r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), nil)
	if err != nil {
		return -1
	}
	_ = r.Body.Close()
	return r.ContentLength
}

// headEnd returns where the body after a head begins, or -1.
func headEnd(b []byte) int {
	end := -1
	for _, mark := range []string{"\n\r\n", "\n\n"} {
		if i := bytes.Index(b, []byte(mark)); i >= 0 && (end < 0 || i+len(mark) < end) {
			end = i + len(mark)
		}
	}
	return end
}

// whole reports whether all that was announced has come, and no more.
func (w *watch) whole() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.inBody && w.body == w.wanted
}

// watchedConn is a connection under watch.
type watchedConn struct {
	net.Conn
	watch *watch
	once  sync.Once
}

func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.watch.see(p[:n])
	return n, err
}

// Close waits a little for the server to close first: it was asked to do so after its answer.
func (c *watchedConn) Close() error {
	err := net.ErrClosed
	c.once.Do(func() {
		if c.watch.whole() {
			patience := time.AfterFunc(c.watch.linger, func() { _ = c.Conn.Close() })
			var more [1]byte
			n, _ := c.Conn.Read(more[:])
			c.watch.see(more[:n])
			patience.Stop()
		}
		err = c.Conn.Close()
		close(c.watch.closed)
	})
	return err
}

type watchKey struct{}

// withWatch puts the connection that is dialled under ctx under watch.
func withWatch(ctx context.Context, w *watch) context.Context {
	return context.WithValue(ctx, watchKey{}, w)
}

func underWatch(ctx context.Context, conn net.Conn) net.Conn {
	if w, ok := ctx.Value(watchKey{}).(*watch); ok {
		return &watchedConn{Conn: conn, watch: w}
	}
	return conn
}
