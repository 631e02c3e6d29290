package syslog

import "time"

// tail is what was written lately, oldest first: what may be lost when the connection breaks.
type tail struct {
	frames []written
	bytes  int
	most   int
}

type written struct {
	frame []byte
	at    time.Time
}

// add appends frames and forgets the oldest beyond the bound.
func (t *tail) add(frames [][]byte, at time.Time) {
	for _, f := range frames {
		t.frames = append(t.frames, written{f, at})
		t.bytes += len(f)
	}
	for t.bytes > t.most {
		t.dropFirst()
	}
}

// expire forgets what was written before a time.
func (t *tail) expire(before time.Time) {
	for len(t.frames) > 0 && t.frames[0].at.Before(before) {
		t.dropFirst()
	}
}

func (t *tail) dropFirst() {
	t.bytes -= len(t.frames[0].frame)
	t.frames[0].frame = nil
	t.frames = t.frames[1:]
}

func (t *tail) all() [][]byte {
	out := make([][]byte, len(t.frames))
	for i := range t.frames {
		out[i] = t.frames[i].frame
	}
	return out
}
