"""Long proofs: programs that run for minutes, with figures in their output. `make prove` runs all of them."""
