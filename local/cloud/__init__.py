"""The stack on an AWS emulator: build, deploy, run, observe."""
