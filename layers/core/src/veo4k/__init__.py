"""Turns Veo 3.1 videos into archived, proven 4K files."""
