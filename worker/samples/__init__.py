"""Made-up events of a made-up shop, for the demo, the tests and the benchmarks."""
