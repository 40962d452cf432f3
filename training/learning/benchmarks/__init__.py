"""Published benchmarks that the project holds itself to, one module each."""
