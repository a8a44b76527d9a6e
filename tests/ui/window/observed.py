"""The real application, telling on its standard output where things are on the screen.

Run by test_drop.py on an X server of its own: another program can then point at them.
"""

from __future__ import annotations

import json
import sys

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QApplication, QTabBar, QTableView, QWidget

from lacuna_gui import app
from lacuna_gui.dialogs.upload import UploadDialog

EVERY = 100


def centre(widget: QWidget) -> list[int]:
    where = widget.mapToGlobal(QPoint(widget.width() // 2, widget.height() // 2))
    return [where.x(), where.y()]


def files_of(sheet: UploadDialog) -> list[str]:
    items = [sheet.table.item(row, 0) for row in range(sheet.table.rowCount())]
    return [item.text() for item in items if item is not None]


def rows_of(table: QTableView) -> dict[str, list[int]]:
    """Return the names in a table from the top, and where they are on the screen."""
    model = table.model()
    found: dict[str, list[int]] = {}
    for row in range(model.rowCount()):
        index = model.index(row, 0)
        where = table.viewport().mapToGlobal(table.visualRect(index).center())
        found[str(index.data())] = [where.x(), where.y()]
    return found


def tabs_of(bar: QTabBar) -> list[list[int]]:
    places = [bar.mapToGlobal(bar.tabRect(number).center()) for number in range(bar.count())]
    return [[place.x(), place.y()] for place in places]


class Observer:
    """Prints a line when something has changed."""

    def __init__(self, built: app.Application) -> None:
        self._built = built
        self._before = ""
        self._timer = QTimer(built)
        self._timer.timeout.connect(self._look)
        self._timer.start(EVERY)

    def _look(self) -> None:
        window = self._built.window
        panel = window.volumes
        pools: dict[str, list[int]] = {}
        view = window.connections
        for host in self._built.hosts:
            for name in host.pools:
                rect = view.visualRect(view.tree.index_of_pool(host.id, name))
                where = view.viewport().mapToGlobal(rect.center())
                pools[name] = [where.x(), where.y()]
        sheets = [one for one in window.findChildren(UploadDialog) if one.isVisible()]
        queued = window.transfers.tabs.widget(1)
        assert isinstance(queued, QTableView)
        seen = {
            "rows": rows_of(panel.table),
            "queued": rows_of(queued),
            "tab": window.transfers.tabs.currentIndex(),
            "tabs": tabs_of(window.transfers.tabs.tabBar()),
            "table": centre(panel),
            "pools": pools,
            "volumes": sorted(panel.model.names()),
            "sheet": [files_of(one) for one in sheets],
            "to": [one.target.currentText() for one in sheets],
            "upload": [centre(one.ok) for one in sheets if one.ok.isEnabled()],
            "messages": [one.text() for one in window.messages.messages],
            "finished": window.transfers.finished.rowCount(),
        }
        text = json.dumps(seen)
        if text != self._before:
            self._before = text
            print(text, flush=True)


def main() -> int:
    built_by = app.Application.__init__

    def build(
        self: app.Application, application: QApplication, *rest: object, **named: object
    ) -> None:
        built_by(self, application, *rest, **named)  # type: ignore[arg-type]
        self.observer = Observer(self)  # type: ignore[attr-defined]

    app.Application.__init__ = build  # type: ignore[method-assign]
    return app.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
