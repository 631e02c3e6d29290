package syslog_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/syslog"
)

// daemon is a real receiver that tools/scripts/unpack-receiver.sh unpacked. Each start writes to a file of its own, because a killed
// one may leave half a line.
type daemon struct {
	t       *testing.T
	kind    kind
	options syslog.Options
	root    string
	dir     string
	port    string
	starts  int
	process *exec.Cmd
	ended   chan error
	version string // its first two numbers
	// authority, certificate and key are the receiver's.
	authority, certificate, key string
}

// kind is a program.
type kind struct {
	name, program string
	// config for the daemon that writes JSON lines to a file.
	config func(d *daemon, file string) string
	// args beside the configuration's file.
	args func(t *testing.T, d *daemon, config string) []string
}

var kinds = []kind{
	{name: "rsyslog", program: "usr/sbin/rsyslogd", config: rsyslogConfig, args: func(t *testing.T, d *daemon, config string) []string {
		return []string{"-n", "-f", config, "-i", filepath.Join(d.dir, "pid"), "-M", one(t, d.root, "usr/lib/*/rsyslog")}
	}},
	{name: "syslog-ng", program: "usr/sbin/syslog-ng", config: syslogNGConfig, args: func(t *testing.T, d *daemon, config string) []string {
		in := func(name string) string { return filepath.Join(d.dir, name) }
		return []string{"-F", "--no-caps", "-e", "-f", config, "-R", in("persist"), "-p", in("pid"), "-c", in("control"), "--module-path", one(t, d.root, "usr/lib/syslog-ng/[0-9]*")}
	}},
}

// rsyslogConfig leaves rsyslog its own limit on messages.
func rsyslogConfig(d *daemon, file string) string {
	input := fmt.Sprintf("module(load=\"imtcp\")\ninput(type=\"imtcp\" address=\"127.0.0.1\" port=%q)\n", d.port)
	global := ""
	agent := d.options.Payload != nil && d.options.Payload.Name() == "cef-defender"
	switch {
	case agent && d.options.Framing == syslog.LF: // it begins with a digit, which rsyslog takes for a length otherwise
		input = fmt.Sprintf("module(load=\"imtcp\")\ninput(type=\"imtcp\" address=\"127.0.0.1\" port=%q supportOctetCountedFraming=\"off\")\n", d.port)
	case d.options.Protocol == syslog.UDP:
		input = fmt.Sprintf("module(load=\"imudp\")\ninput(type=\"imudp\" address=\"127.0.0.1\" port=%q)\n", d.port)
	case d.options.Protocol == syslog.TLS:
		global = fmt.Sprintf(` defaultNetstreamDriver="ossl" defaultNetstreamDriverCAFile=%q defaultNetstreamDriverCertFile=%q defaultNetstreamDriverKeyFile=%q`, d.authority, d.certificate, d.key)
		input = fmt.Sprintf("module(load=\"imtcp\" streamDriver.name=\"ossl\" streamDriver.mode=\"1\" streamDriver.authMode=\"x509/name\" permittedPeer=[\"sender.example.com\"])\ninput(type=\"imtcp\" address=\"127.0.0.1\" port=%q)\n", d.port)
	}
	return fmt.Sprintf("global(workDirectory=%q%s)\n%s", d.dir, global, input) + `template(name="all" type="list" option.jsonf="on") {
  property(outname="facility" name="syslogfacility-text" format="jsonf")
  property(outname="severity" name="syslogseverity-text" format="jsonf")
  property(outname="host" name="hostname" format="jsonf")
  property(outname="app" name="app-name" format="jsonf")
  property(outname="msgid" name="msgid" format="jsonf")
  property(outname="sd" name="structured-data" format="jsonf")
  property(outname="msg" name="msg" format="jsonf")
  property(outname="raw" name="rawmsg" format="jsonf")
}
action(type="omfile" file="` + file + `" template="all")
`
}

func syslogNGConfig(d *daemon, file string) string {
	source := fmt.Sprintf(`syslog(ip("127.0.0.1") port(%s) transport("tcp"))`, d.port)
	switch {
	case d.options.Protocol == syslog.UDP:
		source = fmt.Sprintf(`syslog(ip("127.0.0.1") port(%s) transport("udp"))`, d.port)
	case d.options.Protocol == syslog.TLS:
		source = fmt.Sprintf(`syslog(ip("127.0.0.1") port(%s) transport("tls") tls(key-file(%q) cert-file(%q) ca-file(%q) peer-verify(required-trusted)))`, d.port, d.key, d.certificate, d.authority)
	case d.options.Framing == syslog.LF:
		source = fmt.Sprintf(`network(ip("127.0.0.1") port(%s) transport("tcp") flags(syslog-protocol))`, d.port)
	}
	return fmt.Sprintf(`@version: %s
options { keep-hostname(yes); chain-hostnames(no); use-dns(no); stats-freq(0); };
source s { %s; };
destination d { file(%q template("$(format-json facility=$FACILITY severity=$LEVEL host=$HOST app=$PROGRAM msgid=$MSGID sd=$SDATA msg=$MSG)\n")); };
log { source(s); destination(d); };
`, d.version, source, file)
}

func one(t *testing.T, root, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(root, pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %v, %v; one folder was expected", pattern, found, err)
	}
	return found[0]
}

// newDaemon is not started yet. options are how it is sent to; the address is filled in, and the certificates of TLS.
func newDaemon(t *testing.T, k kind, options syslog.Options) *daemon {
	t.Helper()
	root, err := filepath.Abs("../../third_party/" + k.name)
	if err != nil {
		t.Fatal(err)
	}
	version, err := os.ReadFile(filepath.Join(root, "VERSION"))
	modules, _ := filepath.Glob(filepath.Join(root, "usr/lib/*/rsyslog/lmnsd_ossl.so"))
	if err != nil || k.name == "rsyslog" && options.Protocol == syslog.TLS && len(modules) == 0 {
		hint := fmt.Sprintf("third_party/%s is missing, or without TLS: tools/scripts/unpack-receiver.sh %[1]s unpacks it", k.name)
		if os.Getenv("CI") == "true" {
			t.Fatal(hint)
		}
		t.Skip(hint)
	}
	t.Logf("%s %s", k.name, strings.TrimSpace(string(version)))
	l, err := net.Listen("tcp", "127.0.0.1:0") // only to find a free port
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	options.Address, options.Hostname = l.Addr().String(), "watch.example.com"
	d := &daemon{t: t, kind: k, options: options, root: root, dir: t.TempDir(), version: strings.Join(strings.SplitN(string(version), ".", 3)[:2], ".")}
	_, d.port, _ = net.SplitHostPort(options.Address)
	if options.Protocol == syslog.TLS {
		authority := exportertest.NewAuthority(t)
		d.authority = authority.File
		d.certificate, d.key = authority.Issue("127.0.0.1")
		certificate, key := authority.Issue("sender.example.com")
		d.options.Security = &syslog.Security{CAFile: authority.File, CertFile: certificate, KeyFile: key}
	}
	t.Cleanup(func() { d.stop(syscall.SIGKILL) })
	return d
}

// start runs the daemon and waits until it listens.
func (d *daemon) start() {
	d.t.Helper()
	d.starts++
	config := filepath.Join(d.dir, "daemon.conf")
	if err := os.WriteFile(config, []byte(d.kind.config(d, d.file(d.starts))), 0o600); err != nil {
		d.t.Fatal(err)
	}
	var libraries []string
	for _, pattern := range []string{"usr/lib/*", "lib/*"} {
		found, err := filepath.Glob(filepath.Join(d.root, pattern))
		if err != nil {
			d.t.Fatal(err)
		}
		libraries = append(libraries, found...)
	}
	d.process = exec.CommandContext(context.Background(), filepath.Join(d.root, d.kind.program), d.kind.args(d.t, d, config)...)
	d.process.Env = append(os.Environ(), "LD_LIBRARY_PATH="+strings.Join(libraries, ":"))
	d.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	output := &strings.Builder{}
	d.process.Stdout, d.process.Stderr = output, output
	if err := d.process.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.ended = make(chan error, 1)
	go func() { d.ended <- d.process.Wait() }()
	for deadline := time.Now().Add(30 * time.Second); !d.listens(); time.Sleep(10 * time.Millisecond) {
		select {
		case err := <-d.ended:
			d.ended <- err
			d.t.Fatalf("%s ended: %v: %s", d.kind.name, err, output)
		default:
		}
		if time.Now().After(deadline) {
			d.t.Fatalf("%s does not listen", d.kind.name)
		}
	}
}

func (d *daemon) listens() bool {
	if d.options.Protocol == syslog.UDP {
		c, err := net.ListenPacket("udp", d.options.Address)
		if err == nil {
			_ = c.Close()
		}
		return err != nil // somebody has the port
	}
	c, err := net.Dial("tcp", d.options.Address)
	if err == nil {
		_ = c.Close()
	}
	return err == nil
}

func (d *daemon) stop(s syscall.Signal) {
	if d.process == nil {
		return
	}
	if err := d.process.Process.Signal(s); err != nil {
		d.t.Logf("ending %s: %v", d.kind.name, err)
	}
	<-d.ended
	d.process = nil
	_ = os.Remove(filepath.Join(d.dir, "pid")) // a killed one leaves it, and then the next does not start
}

func (d *daemon) file(start int) string {
	return filepath.Join(d.dir, fmt.Sprintf("received-%d.json", start))
}

type line struct {
	Facility, Severity, Host, App, MsgID, SD, Msg, Raw string
}

// lines are all whole lines that were written so far, without what the daemon says of itself.
func (d *daemon) lines() []line {
	d.t.Helper()
	var out []line
	for start := 1; start <= d.starts; start++ {
		f, err := os.Open(d.file(start))
		if err != nil {
			continue // nothing received yet
		}
		for reader := bufio.NewReader(f); ; {
			text, err := reader.ReadString('\n')
			if err != nil {
				break
			}
			var l line
			if err := json.Unmarshal([]byte(text), &l); err != nil {
				d.t.Fatalf("%s wrote %q: %v", d.kind.name, text, err)
			}
			if !strings.HasPrefix(l.App, "rsyslogd") {
				out = append(out, l)
			}
		}
		_ = f.Close()
	}
	return out
}

func (d *daemon) eventually(what string, condition func() bool) {
	d.t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			d.t.Fatalf("it never came to this: %s; %s wrote %d messages", what, d.kind.name, len(d.lines()))
		}
	}
}
