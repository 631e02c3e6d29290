package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// refusal is that a file is not one to write to. A person has to look.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

func refuse(path, format string, args ...any) error {
	return &refusal{fmt.Sprintf("file %s: ", path) + fmt.Sprintf(format, args...)}
}

// modes that a file may have at most: others read nothing, the group changes nothing. A program that collects the file may be in its group.
const (
	ownMode  fs.FileMode = 0o600
	mostMode fs.FileMode = 0o640
)

// examine says why a file is doubtful, before it is opened and after.
func examine(path string, s fs.FileInfo) error {
	switch {
	case s.Mode()&fs.ModeSymlink != 0:
		return refuse(path, "found a symbolic link, expected a regular file: write the name of the file itself into the configuration")
	case s.IsDir():
		return refuse(path, "found a folder, expected a regular file: write the name of a file in it into the configuration")
	case !s.Mode().IsRegular():
		return refuse(path, "found no regular file (%s)", s.Mode().Type())
	}
	user, _, names := owner(s)
	if user != os.Geteuid() {
		return refuse(path, "found a file of the user %d, expected one of the user that Sealwatch runs as, %d", user, os.Geteuid())
	}
	if mode := s.Mode().Perm(); mode&^mostMode != 0 || mode&ownMode != ownMode {
		return refuse(path, "found mode %04o, expected 0600 or 0640: others can read or change it; run chmod 600 %s", mode, path)
	}
	if names > 1 {
		return refuse(path, "found a file with %d names (hard links), expected one: it may be the file of somebody else", names)
	}
	return nil
}

// examineFolder says why files in a folder are doubtful.
func examineFolder(folder string) error {
	s, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the folder %s does not exist (any more); it is not made here, because its owner and its mode are yours to choose", folder)
	case err != nil:
		return err
	case !s.IsDir():
		return refuse(folder, "found no folder")
	case s.Mode().Perm()&0o002 != 0 && s.Mode()&fs.ModeSticky == 0:
		return refuse(folder, "found a folder in which everybody can put a file in the place of another (mode %04o); run chmod o-w %s", s.Mode().Perm(), folder)
	}
	return nil
}

// explained makes clear what to do about an error of the system.
func explained(doing, path string, err error) error {
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		return err
	case isLink(err):
		return refuse(path, "found a symbolic link, expected a regular file")
	case full(err):
		return fmt.Errorf("file %s: %s: the disk is full, or the quota is used up; what could not be written waits: %w", path, doing, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("file %s: %s: the user that Sealwatch runs as (%d) may not, look at the owner and the mode of the file and of its folder: %w", path, doing, os.Geteuid(), err)
	}
	return fmt.Errorf("file %s: %s: %w", path, doing, err)
}
