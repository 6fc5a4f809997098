package frame

// Schema declares a table. A change of Columns raises Version. A column that the version before did not have must be
// nullable, and is null in its files.
type Schema struct {
	Name    string `json:"name"`
	Version int    `json:"version"`           // from 1
	Meaning string `json:"meaning,omitempty"` // what it holds and what a row is, in plain text for people
	Columns []Spec `json:"columns"`
	// Coded names the columns that say few things again and again; of any kind but Float. In a small file they
	// are Arrow dictionaries. A reader takes them either way, so that naming one raises no
	// version.
	Coded []string `json:"coded,omitempty"`
}

// Index returns the position of the column of that name, or -1.
func (s Schema) Index(name string) int {
	for i := range s.Columns {
		if s.Columns[i].Name == name {
			return i
		}
	}
	return -1
}
