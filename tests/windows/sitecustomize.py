"""What Wine's console needs before keys can be waited for as on Windows.

Wine 8 reads its terminal only once somebody has looked for a key; `msvcrt.kbhit` does not count.
"""

import ctypes

if hasattr(ctypes, "WinDLL"):
    _kernel = ctypes.WinDLL("kernel32")
    _seen = ctypes.c_ulong()
    _record = ctypes.create_string_buffer(64)
    _kernel.PeekConsoleInputW(_kernel.GetStdHandle(-10), _record, 1, ctypes.byref(_seen))
