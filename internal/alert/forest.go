package alert

// forest says which of the numbers 0 to n-1 belong together.
type forest []int

func newForest(n int) forest {
	f := make(forest, n)
	for i := range f {
		f[i] = i
	}
	return f
}

func (f forest) root(i int) int {
	for f[i] != i {
		f[i] = f[f[i]]
		i = f[i]
	}
	return i
}

// join lets the smaller root stand for both, so that the result does not depend on the order of the calls.
func (f forest) join(a, b int) {
	if a, b = f.root(a), f.root(b); a != b {
		f[max(a, b)] = min(a, b)
	}
}

// sets in the order of their first numbers, each in order.
func (f forest) sets() [][]int {
	var order []int
	all := make(map[int][]int)
	for i := range f {
		r := f.root(i)
		if all[r] == nil {
			order = append(order, r)
		}
		all[r] = append(all[r], i)
	}
	out := make([][]int, len(order))
	for i, r := range order {
		out[i] = all[r]
	}
	return out
}
