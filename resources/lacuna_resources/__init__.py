"""Icons, translations and styles of Lacuna, as package data."""
