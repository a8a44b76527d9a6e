"""Another program: a tray that takes in icons as the system tray protocol wants it, at 1400, 50.

Tells when there is an icon, and its size.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

X: Any = importlib.import_module("Xlib.X")
display: Any = importlib.import_module("Xlib.display")
event: Any = importlib.import_module("Xlib.protocol.event")

SIDE = 48
DOCK = 0


def main() -> int:
    server: Any = display.Display()
    root = server.screen().root
    tray = root.create_window(1400, 50, SIDE, SIDE, 0, X.CopyFromParent, background_pixel=0x404040)
    tray.map()
    selection = server.intern_atom("_NET_SYSTEM_TRAY_S0")
    opcode = server.intern_atom("_NET_SYSTEM_TRAY_OPCODE")
    tray.set_selection_owner(selection, X.CurrentTime)
    manager = event.ClientMessage(
        window=root,
        client_type=server.intern_atom("MANAGER"),
        data=(32, [X.CurrentTime, selection, tray.id, 0, 0]),
    )
    root.send_event(manager, event_mask=X.StructureNotifyMask)
    server.sync()
    print("ready", flush=True)
    while True:
        told = server.next_event()
        if told.type == X.ClientMessage and told.client_type == opcode:
            _, what, window, *_ = told.data[1]
            if what == DOCK:
                icon = server.create_resource_object("window", window)
                icon.reparent(tray, 0, 0)
                icon.configure(width=SIDE, height=SIDE)
                icon.map()
                server.sync()
                print("docked", flush=True)


if __name__ == "__main__":
    sys.exit(main())
