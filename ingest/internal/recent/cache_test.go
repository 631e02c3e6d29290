package recent

import "testing"

func TestCache(t *testing.T) {
	c := New[int, int](10)
	c.Put(-1, 42)
	for i := range 1000 {
		c.Put(i, i)
		if v, ok := c.Get(-1); !ok || v != 42 {
			t.Fatalf("after %d: what is in use is gone", i)
		}
		if v, ok := c.Get(i); !ok || v != i {
			t.Fatalf("%d: got %d, %v", i, v, ok)
		}
		if c.Len() > 20 {
			t.Fatalf("%d entries", c.Len())
		}
	}
	if _, ok := c.Get(0); ok {
		t.Error("what was not in use is still there")
	}
}
