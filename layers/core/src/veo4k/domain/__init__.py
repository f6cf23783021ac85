"""What a job is, what may become of it, and what the provider's words mean: values and pure functions."""
