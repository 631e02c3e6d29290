package alert

// Looked lets the grouping count the pairs of alerts that it compares over an address.
func (g *Grouping) Looked(n *int) { g.looked = n }
