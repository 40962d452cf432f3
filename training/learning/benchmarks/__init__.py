"""Published benchmarks that the project holds itself to, and how fast it learns."""
