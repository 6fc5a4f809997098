package xlsx

// LimitShared bounds the memory of the workbook's shared strings, in bytes.
func (w *Workbook) LimitShared(bytes int) { w.maxShared = bytes }
