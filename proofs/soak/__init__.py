"""Faults between the stack and what it calls, a hundred jobs for each kind."""
