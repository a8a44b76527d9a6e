"""Another program: a small window that takes drops as file managers do, by direct save (XDS).

https://www.freedesktop.org/wiki/Specifications/XDS/ and XDND 5.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from Xlib import X, Xatom, display  # type: ignore[import-untyped]
from Xlib.protocol import event  # type: ignore[import-untyped]


class Target:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.display: Any = display.Display()
        screen = self.display.screen()
        self.window: Any = screen.root.create_window(1300, 50, 200, 100, 0, screen.root_depth)
        self.window.change_property(self.atom("XdndAware"), Xatom.ATOM, 32, [5])
        self.window.map()
        self.display.sync()
        self.offers = False

    def atom(self, name: str) -> int:
        found: int = self.display.intern_atom(name)
        return found

    def source(self, number: int) -> Any:
        return self.display.create_resource_object("window", number)

    def send(self, to: Any, name: str, *values: int) -> None:
        data = [self.window.id, *values, *[0] * (4 - len(values))]
        message = event.ClientMessage(window=to, client_type=self.atom(name), data=(32, data))
        to.send_event(message)
        self.display.flush()

    def wait(self, kind: int) -> Any:
        while True:
            got = self.display.next_event()
            if got.type == kind:
                return got

    def run(self) -> None:
        print("ready", flush=True)
        while True:
            message = self.wait(X.ClientMessage)
            name = self.display.get_atom_name(message.client_type)
            values = message.data[1]
            source = self.source(values[0])
            if name == "XdndEnter":
                kinds = list(values[2:])
                if values[1] & 1:
                    listed = source.get_full_property(self.atom("XdndTypeList"), Xatom.ATOM)
                    kinds = list(listed.value)
                self.offers = self.atom("XdndDirectSave0") in kinds
            elif name == "XdndPosition":
                accept = 1 if self.offers else 0
                self.send(source, "XdndStatus", accept, 0, 0, self.atom("XdndActionCopy"))
            elif name == "XdndDrop":
                self.save(source, values[2])
                self.send(source, "XdndFinished", 1, self.atom("XdndActionCopy"))

    def save(self, source: Any, when: int) -> None:
        direct = self.atom("XdndDirectSave0")
        name = bytes(source.get_full_property(direct, X.AnyPropertyType).value).decode()
        print("offered", name, flush=True)
        place = (self.folder / name).as_uri().encode()
        source.change_property(direct, self.atom("text/plain"), 8, place)
        answer = self.atom("LACUNA_ANSWER")
        self.window.convert_selection(self.atom("XdndSelection"), direct, answer, when)
        self.display.flush()
        self.wait(X.SelectionNotify)
        found = self.window.get_full_property(answer, X.AnyPropertyType)
        print("answer", bytes(found.value).decode(), flush=True)


if __name__ == "__main__":
    Target(Path(sys.argv[1])).run()
