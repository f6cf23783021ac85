"""Faults on the way between the stack's functions and what they call."""
