package exporters

// Known is of how many alerts it is in memory what the receiver has. It is for the goroutine of Run, such as an exporter's.
func Known(r *Runner) int { return len(r.known) }
