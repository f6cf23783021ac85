"""The console in a real browser, beside the local cloud while jobs run."""
