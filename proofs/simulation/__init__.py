"""The deterministic simulation: the real services in an environment whose every fault is drawn from a seed."""
