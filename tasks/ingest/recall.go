package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/reading"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
)

// recall is what earlier runs have left of a delivery from elsewhere: by what its servers know it, and what came of it. If
// they say that nothing has changed, and the current lines of its source have not either, then nothing need be fetched.
//
// It is immutable like everything else: named by the locations of the delivery, the flags and code that read it, and the current
// lines of its source. Where a server has given the same content another name, a further one is added.
type recall struct {
	home   *run.Home // nil where there is nothing to remember
	run    contract.Run
	source string // --source-name
	chunk  bool   // it is a chunk of a delivery: others of the same command change the current lines
	where  []string
	id     func(kept reading.Reading) any // of the delivery: its locations, how it is to be read, and the code
	lines  *lines.Current
	seen   *seen // nil for nothing
	next   int   // number of the first one that is not there
}

// seenVersion is the version of seen's JSON.
const seenVersion = 2

// maxSeen bounds how many names servers have for the same content before nobody asks any more.
const maxSeen = 8

// seen is a remembered delivery.
type seen struct {
	Version int                   `json:"version"`
	Files   []source.Known        `json:"files"`
	Result  contract.IngestResult `json:"result"`
}

// remember returns what is known of a delivery, by the current lines and what is stated of its reading. Local files are read
// anyway: for them there is nothing to remember.
func (j *job) remember(ctx context.Context, of contract.Run) (*recall, error) {
	m := &recall{run: of, source: j.c.SourceName, chunk: j.chunk}
	var err error
	if m.lines, err = lines.Open(ctx, j.home.Root, of); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(j.where, source.Location.Remote) {
		return m, nil
	}
	for _, l := range j.where {
		m.where = append(m.where, l.ID())
	}
	c, stated, code := j.c, j.stated, j.d.Code // c before its currency is known
	m.id = func(kept reading.Reading) any {
		id := map[string]any{"where": m.where, "params": c.parameters(stated.Over(kept)), "code": code}
		if j.erased != nil && j.erased.Seq > 0 {
			id["erased"] = j.erased.Seq // what was read before has other lines
		}
		return id
	}
	m.home = j.home
	return m, m.look(ctx)
}

// kept returns how earlier deliveries of the source were read.
func (m *recall) kept() (reading.Reading, error) {
	r, err := reading.Parse(m.lines.Snapshot.Readings[m.source])
	if err != nil {
		return r, fault.ErrBadData.Errorf("snapshot", m.lines.SHA256, "snapshot %s, source %s: %w", m.lines.SHA256, m.source, err)
	}
	return r, nil
}

// look reads what is current and what is known under that.
func (m *recall) look(ctx context.Context) (err error) {
	m.seen, m.next = nil, 0
	if m.lines, err = lines.Open(ctx, m.home.Root, m.run); err != nil {
		return err
	}
	for ; m.next < maxSeen; m.next++ {
		path, err := m.path()
		if err != nil {
			return err
		}
		text, _, err := m.home.Root.Read(ctx, path)
		if errors.Is(err, objstore.ErrNotFound) {
			break
		}
		if err != nil {
			return err
		}
		var s seen
		if contract.CheckSeal(text) == nil && json.Unmarshal(text, &s) == nil && s.Version == seenVersion && s.Result.Last != nil { // else it is as good as forgotten
			m.seen = &s
		}
	}
	return nil
}

// path names the next memory, by the current lines of the source.
func (m *recall) path() (string, error) {
	kept, err := m.kept()
	if err != nil {
		return "", err
	}
	var inForce any = "chunk" // whether its lines are, is asked when it is found: see holds
	if !m.chunk {
		inForce = m.lines.Snapshot.Objects(m.source)
	}
	name, err := contract.Canonical(map[string]any{"delivery": m.id(kept), "source": m.source, "in_force": inForce})
	if err != nil {
		return "", fmt.Errorf("name a memory: %w", err)
	}
	return contract.SeenPath(contract.SHA256(name), m.next), nil
}

// known returns what the files were.
func (m *recall) known() []source.Known {
	if m.seen == nil {
		return nil
	}
	return m.seen.Files
}

// result returns what reading the unchanged delivery would come to, if that is certain. It is not for append, which
// refuses such a delivery, nor for a run that has put lines into force itself.
func (m *recall) result(c Config, s *run.Session) (r contract.IngestResult, ok bool) {
	if m.seen == nil || c.Mode == modeAppend || m.lines.Moved() && !m.chunk {
		return r, false
	}
	r = m.seen.Result
	r.New, r.Snapshot = false, m.lines.SHA256
	return r, r.Delivery == s.Key() && float64(r.RowsQuarantined) <= c.MaxQuarantineShare*float64(r.RowsRead)
}

// holds reports whether every day that a remembered chunk has stored is still its own.
func (m *recall) holds(ctx context.Context, r contract.IngestResult) (bool, error) {
	partitions, _, err := m.lines.Snapshot.All(ctx)
	if err != nil {
		return false, err
	}
	n := 0
	for _, p := range partitions {
		if p.Source == m.source && p.Delivery == r.Delivery {
			n++
		}
	}
	return n == r.Days, nil
}

// keep remembers a delivery that was ingested. What it could not write costs the next run a download, and no more.
func (m *recall) keep(ctx context.Context, d task.Deps, src *source.Delivery, r contract.IngestResult) {
	if m.home == nil || r.DaysKept > 0 { // a run of a later as-of has to read what this one left out
		return
	}
	if err := m.write(ctx, src, r); err != nil {
		d.Log.Warn("the delivery will not be remembered: the next run fetches it again", "why", err.Error())
	}
}

func (m *recall) write(ctx context.Context, src *source.Delivery, r contract.IngestResult) error {
	snapshot := r.Snapshot
	r.New, r.Snapshot = false, "" // as they will be found
	now := seen{Version: seenVersion, Files: src.Seen(), Result: r}
	if now.Files == nil {
		return nil // its server could not be asked
	}
	if err := m.look(ctx); err != nil {
		return err
	}
	if m.lines.SHA256 != snapshot || m.next == maxSeen || m.seen != nil && slices.Equal(m.seen.Files, now.Files) {
		return nil
	}
	path, err := m.path()
	if err != nil {
		return err
	}
	text, err := contract.Sealed(now)
	if err != nil {
		return fmt.Errorf("encode a memory: %w", err)
	}
	if _, err := m.home.Root.CreateBytes(ctx, path, text); !errors.Is(err, objstore.ErrExists) {
		return err
	}
	return nil // a copy of this step
}
