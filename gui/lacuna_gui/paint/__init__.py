"""Drawing shared by widgets and delegates: extent strips, bars, and the numbers behind them.

`runs` and `coverage` are pure: NumPy arrays and no Qt. `lanes` turns coverage into colours, `strip`
and `bar` put them on a painter. Lives here: no widget, and nothing that remembers a window.
"""
