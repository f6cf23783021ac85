"""MP4 files made on purpose, and two references that say what a file is."""
