package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/internal/app"
	"github.com/sealwatch/sealwatch/internal/config"
)

const (
	// consentPause is between two looks whether consent was given.
	consentPause   = 3 * time.Second
	defaultKeyBits = 2048
	// defaultKeyFile is where the private key goes when the person does not say.
	defaultKeyFile = "docusign.pem"
)

func (p *process) connectCommand() *cobra.Command {
	c := &cobra.Command{Use: "connect", Short: "Be led through a connection", Args: cobra.NoArgs}
	c.AddCommand(p.connectDocuSign())
	return c
}

func (p *process) connectDocuSign() *cobra.Command {
	c := &cobra.Command{
		Use:   "docusign",
		Short: "Be led through the connection to DocuSign Monitor",
		Long: "Be led through the connection to DocuSign Monitor: the key pair, the integration key, the user, the consent, the organisation, and a first\n" +
			"page of events. What the configuration needs is printed at the end, on standard output; everything else goes to standard error.\n\n" +
			"Each answer can be given by a flag, and is asked for otherwise. With --wait nobody is asked whether consent was given: it is looked for.\n" +
			"docs/connect-docusign.md tells what to do in DocuSign.",
		Example: "  sealwatch connect docusign\n" +
			"  sealwatch connect docusign --environment demo --integration-key 3f2b... --user-id 8c1d... --private-key docusign.pem --redirect-uri https://example.com --wait 10m > docusign.yaml",
		Args: cobra.NoArgs,
	}
	w := &connection{p: p}
	f := c.Flags()
	f.StringVar(&w.m.Name, "name", "main", "name of the source")
	f.StringVar(&w.m.Environment, "environment", "", "production or demo")
	f.StringVar(&w.m.IntegrationKey, "integration-key", "", "integration key of the application, a GUID")
	f.StringVar(&w.m.UserID, "user-id", "", "API user id of the user in whose name it reads, a GUID")
	f.StringVar(&w.m.PrivateKeyFile, "private-key", "", "file of the private key; it is made when it is not there")
	f.IntVar(&w.bits, "bits", defaultKeyBits, "size of the key pair that is made")
	f.StringVar(&w.m.RedirectURI, "redirect-uri", "", "one of the redirect addresses of the application")
	f.StringVar(&w.m.API, "api", "", "generation of the Monitor API, v2 or v3 (default v3)")
	f.StringVar(&w.m.OrganizationID, "organization-id", "", "id of the organisation, a GUID (default it is looked up)")
	f.StringVar(&w.m.Since, "since", "", "where the first reading begins: a date from 2021-01-01 on (default seven days ago)")
	f.StringVar(&w.m.CAFile, "ca-file", "", "certificate authorities that are trusted beside the system's")
	f.StringVar(&w.m.Endpoint, "endpoint", "", "address that speaks for all of DocuSign's services")
	durationVar(f, &w.wait, "wait", 0, "how long to look for the consent, instead of asking")
	c.RunE = func(c *cobra.Command, _ []string) error { return w.run(c.Context()) }
	return c
}

// connection is one in the making.
type connection struct {
	p    *process
	m    config.MonitorSource
	bits int
	wait time.Duration
}

var guid = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

func checkGUID(s string) error {
	if !guid.MatchString(s) {
		return fmt.Errorf("found %q, expected a GUID such as 3f2b7c1e-0d4a-4b8e-9c6f-5a1d2e3f4b5c", s)
	}
	return nil
}

func checkEnvironment(s string) error {
	if s != "production" && s != "demo" {
		return fmt.Errorf("found %q, expected production or demo", s)
	}
	return nil
}

func checkFile(s string) error {
	if s == "" {
		return errors.New("found nothing, expected the name of a file")
	}
	if folder, err := os.Stat(filepath.Dir(s)); err != nil || !folder.IsDir() {
		return fmt.Errorf("found %q, expected a file in a folder that is there", s)
	}
	return nil
}

func checkAddress(s string) error {
	if u, err := url.Parse(s); err != nil || u.Scheme == "" || u.Host == "" {
		return fmt.Errorf("found %q, expected an address such as https://example.com/callback", s)
	}
	return nil
}

// run asks, tries, and prints the section of the configuration.
func (w *connection) run(ctx context.Context) error {
	p := w.p
	p.say("This leads you through the connection to DocuSign Monitor. What to do in DocuSign is told on the way; docs/connect-docusign.md has it in one piece.")
	p.say("")
	if err := w.answer(ctx, "environment", &w.m.Environment, "1. Which environment of DocuSign, production or demo?", checkEnvironment); err != nil {
		return err
	}
	if err := w.answer(ctx, "integration-key", &w.m.IntegrationKey, "2. In DocuSign, open Settings, Apps and Keys, and add an application for Sealwatch. Its integration key?", checkGUID); err != nil {
		return err
	}
	if err := w.key(ctx); err != nil {
		return err
	}
	if err := w.answer(ctx, "user-id", &w.m.UserID, "4. Make a user of its own for Sealwatch, with the role Security Reports Administrator (or Organization Administrator) in this organisation and in no other. Its API user id?", checkGUID); err != nil {
		return err
	}
	if err := w.answer(ctx, "redirect-uri", &w.m.RedirectURI, "5. Add a redirect address to the application; any address of yours will do, nobody but you is sent there, once. Which?", checkAddress); err != nil {
		return err
	}
	if err := w.check(); err != nil {
		return err
	}
	if err := w.consent(ctx); err != nil {
		return err
	}
	p.say("7. The connection is tried.")
	organization, err := app.TryMonitor(ctx, w.m, func(s app.Step) { p.say("   %-8s  %s%s", s.Outcome, s.Name, explained(s.Text)) })
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		p.say("")
		p.say("The connection does not work yet. Do what is said behind \"failed\", and run this again with the same answers; the key pair stays as it is.")
		return errSaid
	}
	if w.m.OrganizationID == "" && w.m.API != "v2" {
		w.m.OrganizationID = organization
	}
	return w.show()
}

// answer is the value of a flag, or what the person says; otherwise stands for an empty line.
func (w *connection) answer(ctx context.Context, flag string, value *string, question string, check func(string) error, otherwise ...string) error {
	if *value != "" {
		if err := check(*value); err != nil {
			return usagef("--%s: %w", flag, err)
		}
		return nil
	}
	for {
		text, err := w.ask(ctx, question)
		if err != nil {
			return usagef("--%s: not given, and there is nobody to ask: %w", flag, err)
		}
		if text == "" && len(otherwise) > 0 {
			text = otherwise[0]
		}
		if err := check(text); err != nil {
			w.p.say("   %s", err)
			continue
		}
		*value = text
		return nil
	}
}

// ask prints a question and reads a line. The end of ctx does not wait for the line.
func (w *connection) ask(ctx context.Context, question string) (string, error) {
	w.p.say("%s", question)
	_, _ = fmt.Fprint(w.p.err, "   > ")
	type line struct {
		text string
		err  error
	}
	read := make(chan line, 1)
	go func() {
		text, err := w.p.line()
		read <- line{text, err}
	}()
	select {
	case l := <-read:
		return l.text, l.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// line reads a line of standard input, byte by byte: what follows is another reader's.
func (p *process) line() (string, error) {
	var b strings.Builder
	one := make([]byte, 1)
	for b.Len() < 4096 {
		n, err := p.in.Read(one)
		if n == 1 && one[0] == '\n' || err != nil && b.Len() > 0 {
			return strings.TrimSpace(b.String()), nil
		}
		if err != nil {
			return "", err
		}
		b.Write(one[:n])
	}
	return "", errors.New("the line is too long")
}

// key takes a key pair or makes one, and shows the public half.
func (w *connection) key(ctx context.Context) error {
	question := "3. File of the application's private key? It is made where it is not there. Enter takes " + defaultKeyFile + "."
	if err := w.answer(ctx, "private-key", &w.m.PrivateKeyFile, question, checkFile, defaultKeyFile); err != nil {
		return err
	}
	name, err := filepath.Abs(w.m.PrivateKeyFile)
	if err != nil {
		return err
	}
	w.m.PrivateKeyFile = name
	public, made, err := app.KeyPair(name, w.bits)
	if err != nil {
		return err
	}
	if !made {
		w.p.say("   The key pair in %s is used.", name)
	} else {
		w.p.say("   A key pair was made; its private key is in %s, which nobody but you can read. Give it to the user who runs the service.", name)
	}
	w.p.say("   Under Apps and Keys, in the application, its public key has to be among the RSA key pairs (Upload RSA), unless the pair was made there:")
	w.p.say("")
	for l := range strings.Lines(public) {
		w.p.say("%s", strings.TrimRight(l, "\n"))
	}
	w.p.say("")
	return nil
}

// check says what of the answers a configuration would not take.
func (w *connection) check() error {
	c := config.Default()
	c.Sources.Monitor = []config.MonitorSource{w.m}
	if err := c.Validate(); err != nil {
		return usagef("%s", strings.ReplaceAll(err.Error(), "sources.monitor[0].", "--"))
	}
	return nil
}

// consent waits until DocuSign gives a token.
func (w *connection) consent(ctx context.Context) error {
	begun := w.p.now()
	for shown := false; ; {
		given, address, err := app.MonitorConsent(ctx, w.m)
		switch {
		case err != nil:
			w.p.say("6. DocuSign gives no token: %s", err.Error())
			return errSaid
		case given:
			w.p.say("6. Consent is given.")
			return nil
		case !shown:
			w.p.say("6. Consent is missing. Log in to DocuSign as the user of step 4, open this address, and accept; what follows then may look like an error, and that is fine:")
			w.p.say("")
			w.p.say("%s", address)
			w.p.say("")
			shown = true
		}
		if w.wait == 0 {
			if _, err := w.ask(ctx, "   Press Enter when that is done."); err != nil {
				return usagef("consent is missing, and there is nobody to ask: %w; give it, and run this again, or say with --wait how long to look for it", err)
			}
			if given, _, err := app.MonitorConsent(ctx, w.m); err == nil && !given {
				w.p.say("   DocuSign says that consent is still missing: was it given by the user %s, in %s?", w.m.UserID, w.m.Environment)
			}
			continue
		}
		if w.p.now().Sub(begun) > w.wait {
			w.p.say("   Nobody gave consent within %s.", w.wait)
			return errSaid
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(consentPause):
		}
	}
}

// show prints the section of the configuration.
func (w *connection) show() error {
	p := w.p
	p.say("")
	p.say("8. It works. Put this into the configuration, sealwatch.yaml; where it has sources already, what is below monitor goes there:")
	p.say("")
	var section struct {
		Sources struct {
			Monitor []config.MonitorSource `yaml:"monitor"`
		} `yaml:"sources"`
	}
	section.Sources.Monitor = []config.MonitorSource{w.m}
	e := yaml.NewEncoder(p.out)
	e.SetIndent(2)
	if err := e.Encode(section); err != nil {
		return err
	}
	if err := e.Close(); err != nil {
		return err
	}
	p.say("")
	p.say("Then: sealwatch doctor --config sealwatch.yaml, and sealwatch serve --config sealwatch.yaml.")
	p.say("Say under egress from which networks this machine calls DocuSign, and any other use of the key is a critical alert (docs/connect-docusign.md).")
	return nil
}
