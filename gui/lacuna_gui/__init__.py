"""The window of Lacuna: a client of the engine."""
