"""What `make soak` runs: long and heavy trials; each module here has `NAMES` and `rows()`, as in tests/benchmarks."""
