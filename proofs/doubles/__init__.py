"""In-memory implementations of the ports, as strict as the real ones; tests, benchmarks and the simulation use them."""
