"""Scale benchmarks: whole processes against named peers. `make bench` runs them; no test asserts a time."""
