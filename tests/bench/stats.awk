# stats.awk - for the benchmarks' tables: what is the same in all of them. Its arrays begin at 1.

# Sorts v[1..n] as numbers; insertion is enough for so few.
function sort(v, n,    i, j, t) {
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j] + 0 < v[j - 1] + 0; j--) {
			t = v[j]
			v[j] = v[j - 1]
			v[j - 1] = t
		}
}

# The median; v is sorted then, so that v[1] is the least and v[n] the most.
function median(v, n,    half) {
	sort(v, n)
	half = int((n + 1) / 2)
	return n % 2 ? v[half] : (v[half] + v[half + 1]) / 2
}
