// Package recent remembers what was asked for lately, within a bound.
package recent

import "sync"

// Cache holds at most twice its size in entries: when the young half is full, it becomes the old one and the old one
// goes. An entry of the old half that is asked for moves to the young one, so what is in use stays.
type Cache[K comparable, V any] struct {
	size       int
	mu         sync.RWMutex
	young, old map[K]entry[K, V]
}

// entry keeps the key as it was put: the one that is asked with may be a part of something large.
type entry[K comparable, V any] struct {
	key   K
	value V
}

// New makes a Cache; size MUST be positive.
func New[K comparable, V any](size int) *Cache[K, V] {
	return &Cache[K, V]{size: size, young: make(map[K]entry[K, V])}
}

// Get returns what was put under the key.
func (c *Cache[K, V]) Get(key K) (V, bool) {
	c.mu.RLock()
	e, ok := c.young[key]
	if ok {
		c.mu.RUnlock()
		return e.value, true
	}
	e, ok = c.old[key]
	c.mu.RUnlock()
	if ok {
		c.Put(e.key, e.value)
	}
	return e.value, ok
}

// Put remembers v. Key and value stay in memory: no string in them may be a part of something large.
func (c *Cache[K, V]) Put(key K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, there := c.young[key]; !there && len(c.young) >= c.size {
		c.old, c.young = c.young, make(map[K]entry[K, V], c.size)
	}
	c.young[key] = entry[K, V]{key, v}
}

// Len is the number of entries.
func (c *Cache[K, V]) Len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.young) + len(c.old)
}
