"""What strangers send: random input in bulk for all that reads it, and links that must never be fetched."""
