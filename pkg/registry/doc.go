// Package registry keeps which model is in force: HEAD, with every revision before it.
//
// HEAD.json is the one object that is ever overwritten, by compare-and-swap on its generation. It holds a [Revision] and
// the sha256 of the history object with the same bytes, which is written before the swap and never changes. Each revision
// names the one before it by number and sha256, so the history is a chain that can be walked and checked from HEAD; nothing
// is ever listed. A history object whose swap was lost stays behind unnamed and harms nobody.
//
//	reg := registry.New(home)
//	head, err := reg.Head(ctx)            // nil: no model has been promoted yet
//	view := reg.View(run, pin)            // HEAD as a run may see it: never its own doing, or pinned for a replay
//	seen, replay, err := view.Before(ctx)
//	rev, err := reg.Move(ctx, move, func(head *registry.Revision) (*registry.Revision, error) { … })
//
// Along the chain seq grows by one and next_segment never shrinks, rollbacks included: the id of a segment is never given
// twice. as_of goes back only by a rollback that says so ([Move.Lower]), which takes back a mistyped one.
package registry
