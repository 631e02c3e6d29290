package embedded

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// layout names the files of a data directory. Only the engine's own data is
// inside the part that the confined process can reach for writing.
type layout struct{ root string }

func (l layout) data() string       { return filepath.Join(l.root, "clickhouse") }
func (l layout) config() string     { return filepath.Join(l.root, "config") }
func (l layout) configFile() string { return filepath.Join(l.config(), "config.xml") }
func (l layout) usersFile() string  { return filepath.Join(l.config(), "users.xml") }
func (l layout) lockFile() string   { return filepath.Join(l.root, "engine.lock") }
func (l layout) engineFile() string { return filepath.Join(l.root, "engine.json") }

// create makes the directories, for the owner only.
func (l layout) create() error {
	for _, dir := range []string{l.root, l.data(), l.config()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("create the engine's directory: %w", err)
		}
	}
	if err := os.Chmod(l.root, 0o700); err != nil {
		return fmt.Errorf("close the engine's directory to others: %w", err)
	}
	return nil
}

// writeUsers writes the engine's configuration: every session belongs to the
// user "default", who holds two roles. The role owner may do anything; the
// role reader may read the given databases and holds no right on any source.
// A reader's session gives up the other role.
func (l layout) writeUsers(readerDatabases []string) error {
	var grants strings.Builder
	for _, database := range readerDatabases {
		grants.WriteString("<query>" + escapeXML("GRANT SELECT, SHOW, dictGet ON "+quoteIdentifier(database)+".*") + "</query>")
	}
	users := `<clickhouse>
<profiles><default><http_max_tries>1</http_max_tries><http_connection_timeout>1</http_connection_timeout></default></profiles>
<quotas><default></default></quotas>
<users><default><password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>
<grants><query>GRANT owner</query><query>GRANT ` + readerRole + `</query></grants></default></users>
<roles>
<owner><grants><query>GRANT ALL ON *.*</query></grants></owner>
<` + readerRole + `><grants>` + grants.String() + `</grants></` + readerRole + `>
</roles>
</clickhouse>
`
	config := "<clickhouse><users_config>" + escapeXML(l.usersFile()) + "</users_config></clickhouse>\n"
	if err := writeFileAtomic(l.usersFile(), []byte(users)); err != nil {
		return err
	}
	return writeFileAtomic(l.configFile(), []byte(config))
}

func escapeXML(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

// writeFileAtomic replaces a file as a whole, readable by its owner only.
func writeFileAtomic(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
