"""What the doctor checks.

`check_*` reads from AWS or the provider and yields findings. `judge_*` is pure: it makes findings of what was read.
"""
