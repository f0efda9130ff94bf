"""Every change of the tables since the first release, oldest first; each one forward only."""
