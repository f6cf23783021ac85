"""What the stack meets on this machine: an AWS emulator, a simulator of the provider, a demo, injected faults."""
