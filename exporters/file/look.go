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
	// Torn is how many bytes behind the last line feed a line without an end has, as after a crash. The next delivery cuts it off, and
	// writes again what it told.
	Torn int64
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
		if err == nil {
			f.Torn, err = torn(x.o.Path, f.Size)
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

func torn(name string, size int64) (int64, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return 0, err
	}
	end, err := lastLineEnd(f, size)
	return size - end, errors.Join(err, f.Close())
}
