package file

import (
	"errors"
	"io/fs"
	"os"
)

// Found is what Look found.
type Found struct {
	// Exists says that there is a file already, of Size bytes.
	Exists bool
	Size   int64
	// Rotated is how many rotated files there are.
	Rotated int
	// Free is how many bytes the file system has for us.
	Free uint64
}

// Look says whether the file can be written to, without doing so.
func (x *Exporter) Look() (Found, error) {
	found, err := x.look()
	if err != nil {
		return found, explained("it could not be written to", x.o.Path, err)
	}
	return found, nil
}

func (x *Exporter) look() (f Found, err error) {
	if err := examineFolder(x.names.folder); err != nil {
		return f, err
	}
	if err := writable(x.names.folder, true); err != nil { // for files that are full
		return f, &fs.PathError{Op: "writing in the folder", Path: x.names.folder, Err: err}
	}
	s, err := os.Lstat(x.o.Path)
	if err == nil {
		f.Exists, f.Size = true, s.Size()
		if err = examine(x.o.Path, s); err == nil {
			err = writable(x.o.Path, false)
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	all, err := x.names.archive()
	f.Rotated = len(all)
	if err == nil {
		f.Free, err = free(x.names.folder)
	}
	return f, err
}
