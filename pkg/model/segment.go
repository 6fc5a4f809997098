package model

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/clientele/clientele/pkg/contract"
)

// Segment is the identity of one centroid: what people and lists call it.
type Segment struct {
	ID      string `json:"id"`               // seg-0001; never used again for another segment
	Name    string `json:"name"`             // for people; unique in the model
	Lineage string `json:"lineage"`          // where the id comes from: LineageNew
	Parent  string `json:"parent,omitempty"` // id of the segment that it grew out of, "" for a new one
}

// LineageNew says that an id was minted with this model.
const LineageNew = "new"

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
	Blobs     Blobs     `json:"blobs"`
}

// Blobs are the parts of a bundle.
type Blobs struct {
	Model     Blob `json:"model"` // named by the fit_id
	Reference Blob `json:"reference"`
	Golden    Blob `json:"golden"`
}

// Blob is an object of the registry, named by its content.
type Blob struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// NextSegment returns the number after the largest among the manifest's segments.
func (m *Manifest) NextSegment() int64 {
	next := int64(1)
	for _, s := range m.Segments {
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
// fit.
func (m *Manifest) identity() (string, error) {
	text, err := contract.Canonical(struct {
		FitID     string    `json:"fit_id"`
		Segments  []Segment `json:"segments"`
		ParentFit string    `json:"parent_fit"`
	}{m.FitID, m.Segments, m.ParentFit})
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
		ids[s.ID], names[s.Name] = true, true
	}
	return nil
}
