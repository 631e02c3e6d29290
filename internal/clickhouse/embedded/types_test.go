package embedded

import (
	"testing"
)

func TestSmoke(t *testing.T) {
	e := startEngine(t, testOptions(t))
	t.Logf("%+v", e.Status())
	c := connect(t, e)
	if err := c.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	v, err := c.ServerVersion()
	t.Log(v, err)
	if err := c.Exec(t.Context(), "CREATE DATABASE sealwatch"); err != nil {
		t.Fatal(err)
	}
	r := connectAs(t, e, e.ReaderUser(), e.ReaderPassword(), "sealwatch")
	if err := r.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
}
