package model

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
)

// Segment is the identity of one centroid: what people and lists call it.
type Segment struct {
	ID      string     `json:"id"`                // seg-0001; never used again for another segment
	Name    string     `json:"name"`              // for people; unique in the model
	Lineage string     `json:"lineage"`           // where the id comes from: LineageNew, …
	Parents []Ancestor `json:"parents,omitempty"` // the parent model's segments that it grew out of, by descending share
}

// Ancestor is a segment of the parent model, and its part in one of this model.
type Ancestor struct {
	ID string `json:"id"`
	// Share of the customers of the segment that names the ancestor, 0 … 1, whom the parent model puts in the ancestor.
	Share float64 `json:"share"`
}

// Gone is a segment of the parent model that this model has no more.
type Gone struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Heirs are this model's segments that its customers went to, by descending share of these customers.
	Heirs []Ancestor `json:"heirs,omitempty"`
}

// Where a segment's id comes from.
const (
	LineageNew      = "new"      // minted with a model without a parent, or without a comparison with it
	LineageSurvived = "survived" // the id of the parent's segment goes on
	LineageSplit    = "split"    // one of several that the customers of a parent's segment went to
	LineageMerged   = "merged"   // it has the customers of several of the parent's segments
	LineageEmerged  = "emerged"  // no segment of the parent is like it
)

const segmentPrefix = "seg-"

// SegmentID writes the id of number n ≥ 1.
func SegmentID(n int64) string { return fmt.Sprintf("%s%04d", segmentPrefix, n) }

// SegmentNumber reads what [SegmentID] wrote.
func SegmentNumber(id string) (int64, error) {
	digits, ok := strings.CutPrefix(id, segmentPrefix)
	n, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || n < 1 || SegmentID(n) != id {
		return 0, fmt.Errorf("%q is not a segment's id: want %s", id, SegmentID(1))
	}
	return n, nil
}

// Parent names the model in force when this one was trained. The zero value stands for none.
type Parent struct {
	ModelID string
	FitID   string
}

// Manifest names a model and its blobs. Its object is written last, so a model is there whole or not at all.
type Manifest struct {
	Version   int       `json:"version"`
	FitID     string    `json:"fit_id"`
	ModelID   string    `json:"model_id"`
	Parent    string    `json:"parent,omitempty"`     // model_id
	ParentFit string    `json:"parent_fit,omitempty"` // fit_id
	Segments  []Segment `json:"segments"`             // in the order of the centroids
	Gone      []Gone    `json:"gone,omitempty"`       // segments of the parent
	Blobs     Blobs     `json:"blobs"`
	Window    *Window   `json:"window,omitempty"` // of Bundle.Now; nil without
}

// Window is the days from Start up to but without End.
type Window struct {
	Start calendar.Date `json:"start"`
	End   calendar.Date `json:"end"`
}

// Days returns the length.
func (w Window) Days() int { return int(w.End - w.Start) }

// Blobs are the parts of a bundle.
type Blobs struct {
	Model     Blob  `json:"model"` // named by the fit_id
	Reference Blob  `json:"reference"`
	Golden    Blob  `json:"golden"`
	Now       *Blob `json:"now,omitempty"`
}

// Customers are the blobs that hold customers.
func (b Blobs) Customers() []Blob {
	all := []Blob{b.Reference, b.Golden}
	if b.Now != nil {
		all = append(all, *b.Now)
	}
	return all
}

// Blob is an object of the registry, named by its content.
type Blob struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// NextSegment returns the number after the largest among the manifest's segments, those gone included.
func (m *Manifest) NextSegment() int64 {
	next := int64(1)
	for _, s := range m.Segments {
		if n, err := SegmentNumber(s.ID); err == nil {
			next = max(next, n+1)
		}
	}
	for _, s := range m.Gone {
		if n, err := SegmentNumber(s.ID); err == nil {
			next = max(next, n+1)
		}
	}
	return next
}

// Index returns the centroid of the segment with that id, or −1.
func (m *Manifest) Index(id string) int {
	for i := range m.Segments {
		if m.Segments[i].ID == id {
			return i
		}
	}
	return -1
}

// identity returns the model_id: the sha256 over the fit, the segments' identities with their lineage, and the parent's
// fit. What version 1 wrote has the identity of then.
func (m *Manifest) identity() (string, error) {
	if m.Version == 1 {
		return m.identityOfV1()
	}
	text, err := contract.Canonical(struct {
		FitID     string    `json:"fit_id"`
		Segments  []Segment `json:"segments"`
		Gone      []Gone    `json:"gone"`
		ParentFit string    `json:"parent_fit"`
	}{m.FitID, m.Segments, m.Gone, m.ParentFit})
	if err != nil {
		return "", fmt.Errorf("encode segments: %w", err)
	}
	return contract.SHA256(text), nil
}

// check returns an error unless the manifest agrees with itself.
func (m *Manifest) check() error {
	if id, err := m.identity(); err != nil || id != m.ModelID {
		return errors.Join(err, fmt.Errorf("its content hashes to model %s", id))
	}
	if m.Blobs.Model.SHA256 != m.FitID {
		return errors.New("its model blob is not named by its fit_id")
	}
	return m.checkSegments()
}

func (m *Manifest) checkSegments() error {
	ids, names := map[string]bool{}, map[string]bool{}
	for _, s := range m.Segments {
		if _, err := SegmentNumber(s.ID); err != nil {
			return err
		}
		if s.Name == "" || ids[s.ID] || names[s.Name] {
			return fmt.Errorf("segment %s %q: every segment needs a unique id and name", s.ID, s.Name)
		}
		if err := checkAncestors(s.ID, s.Parents); err != nil {
			return err
		}
		ids[s.ID], names[s.Name] = true, true
	}
	for _, s := range m.Gone {
		if _, err := SegmentNumber(s.ID); err != nil {
			return err
		}
		if ids[s.ID] {
			return fmt.Errorf("segment %s is gone and there, or gone twice", s.ID)
		}
		if err := checkAncestors(s.ID, s.Heirs); err != nil {
			return err
		}
		ids[s.ID] = true
	}
	return nil
}

func checkAncestors(of string, all []Ancestor) error {
	for _, a := range all {
		if _, err := SegmentNumber(a.ID); err != nil {
			return err
		}
		if !(a.Share >= 0 && a.Share <= 1) {
			return fmt.Errorf("segment %s: the share of %s is %v, want 0 to 1", of, a.ID, a.Share)
		}
	}
	return nil
}
