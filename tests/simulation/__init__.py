"""The simulated world: the real handlers in virtual time, among in-memory AWS and both vendors' rules."""
