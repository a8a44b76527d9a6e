"""Dialogs: each asks for one thing. Opened with ``open()``, never ``exec()``; results by signal."""
