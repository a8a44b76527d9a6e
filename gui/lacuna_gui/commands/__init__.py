"""What the window does when an action is chosen: dialogs opened, work handed over, views told.

One module for each kind of thing acted upon. Everything long-lived comes in by `context.Context`.
"""
