"""The demo: a job for every scenario of the provider, and the checks of its end."""
