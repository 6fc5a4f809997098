package lines

import "github.com/clientele/clientele/pkg/calendar"

// version1 is what a snapshot of version 1 says of its lines: it lists all days of all sources itself.
type version1 struct {
	Deliveries []struct {
		ID     string   `json:"id"`
		Source string   `json:"source"`
		Files  []string `json:"files"`
	} `json:"deliveries"`
	Partitions []struct {
		Source   string        `json:"source"`
		Day      calendar.Date `json:"day"`
		Object   string        `json:"object"`
		Rows     int64         `json:"rows"`
		SHA256   string        `json:"sha256"`
		Delivery string        `json:"delivery"`
		AsOf     calendar.Date `json:"as_of,omitzero"`
	} `json:"partitions"`
}

// into makes the parts of a snapshot. They are stored with the next snapshot that lists them. What was delivered besides the
// lines in force is not known, nor is their money.
func (v *version1) into(s *Snapshot) error {
	var partitions []Partition
	for _, p := range v.Partitions {
		partitions = append(partitions, Partition{
			Source: p.Source, Day: p.Day, Object: p.Object, Rows: p.Rows, Unpriced: true, SHA256: p.SHA256, Delivery: p.Delivery, AsOf: p.AsOf,
		})
	}
	var deliveries []Delivery
	for _, d := range v.Deliveries {
		deliveries = append(deliveries, Delivery{ID: d.ID, Source: d.Source, Files: d.Files})
	}
	made, err := New(s.Zone, s.Currency, s.KeyMark, partitions, deliveries...)
	if err != nil {
		return err
	}
	s.Parts, s.made = made.Parts, made.made
	return nil
}
