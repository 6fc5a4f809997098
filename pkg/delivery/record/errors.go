package record

import "github.com/clientele/clientele/pkg/fault"

// ErrContent is the class of all errors of a file's content that a reader of its format finds. Each format has narrower ones.
// They do not name the file: its reader does not know it.
var ErrContent = fault.ErrBadData.New("content", "the content cannot be read")

var (
	// ErrColumns says that the columns are not those of a delivery: see [HeaderError].
	ErrColumns = ErrContent.New("columns", "the columns are not those of a delivery")
	// ErrEmpty says that a source has not even a header.
	ErrEmpty = ErrContent.New("empty", "the source is empty")
	// ErrUnbalanced says that a reader lost a record: a mistake in this program.
	ErrUnbalanced = fault.ErrInternal.New("unbalanced", "records read are not records accepted and rejected")
)
