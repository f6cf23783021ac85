"""The console: a local web page over a stack, served on the loopback to one browser.

`reading` reads the stack, `guard` decides which requests are served, `pages` and `parts` show what was read, `actions`
change something. The other modules compute from values and read nothing.
"""
