"""Random input in bulk for everything that reads what strangers send."""
