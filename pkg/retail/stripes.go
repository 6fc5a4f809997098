package retail

import "sync"

// Stripes let the workers of [Lines.Each] fill one slice by invoice together, where a slice for each of them would take as much memory
// again for every core. Lines of an invoice mostly follow each other, so that there is little to lock.
type Stripes [64]stripe

// stripe has a cache line of its own.
type stripe struct {
	sync.Mutex
	_ [64 - 8]byte
}

// Hold is the hold that a worker has on one stripe at a time.
type Hold struct {
	stripes *Stripes
	on      *stripe
}

// Hold returns a hold on nothing.
func (s *Stripes) Hold() Hold { return Hold{stripes: s} }

// Take waits until the worker alone may touch the element at a place, and gives up the one before.
func (h *Hold) Take(at uint32) {
	m := &h.stripes[at%uint32(len(h.stripes))]
	if m == h.on {
		return
	}
	h.Free()
	m.Lock()
	h.on = m
}

// Free ends the hold.
func (h *Hold) Free() {
	if h.on != nil {
		h.on.Unlock()
		h.on = nil
	}
}
