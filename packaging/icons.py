"""Renders the application's icon into the formats that Windows, macOS and Flatpak want.

python packaging/icons.py FOLDER    writes lacuna.ico, lacuna.icns, lacuna.png
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from lacuna_resources import app_icon_svg

EDGE = {"ico": 256, "icns": 512, "png": 512}
"""Pixels: the largest each format takes; the systems scale it down."""


def main(arguments: list[str]) -> int:
    """Run the tool; returns the exit code."""
    if len(arguments) != 1:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    application = QGuiApplication(["icons"])
    renderer = QSvgRenderer(QByteArray(app_icon_svg()))
    for ending, edge in EDGE.items():
        image = QImage(edge, edge, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        renderer.render(painter)
        painter.end()
        path = Path(arguments[0]) / f"lacuna.{ending}"
        if not image.save(str(path)):
            raise SystemExit(f"Qt could not write {path}")
    application.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
