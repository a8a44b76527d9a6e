"""Which way the bytes of a row go: seen, and heard."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QIcon, QImage, QPalette

from lacuna_gui.models.roles import ACCESSIBLE, DECORATION, TOOLTIP
from lacuna_gui.models.transfers import (
    ACTIVE,
    Column,
    Direction,
    RowState,
    TransferRow,
    TransfersModel,
    direction_text,
)

SIDE = 16


def model_of(*directions: Direction) -> TransfersModel:
    model = TransfersModel(ACTIVE)
    model.take(
        [TransferRow(one, one, "disk.raw", "a", "b", RowState.RUNNING) for one in directions]
    )
    return model


def drawn(model: TransfersModel, row: int, mode: QIcon.Mode = QIcon.Mode.Normal) -> QImage:
    sign = model.data(model.index(row, Column.NAME), DECORATION)
    assert isinstance(sign, QIcon)
    return sign.pixmap(SIDE, SIDE, mode).toImage()


def contrast(image: QImage, ground: float) -> float:
    """How far the most visible pixel stands out, from 0 to 1."""
    pixels = (image.pixelColor(x, y) for x in range(SIDE) for y in range(SIDE))
    return max((abs(one.lightnessF() - ground) * one.alphaF() for one in pixels), default=0.0)


def test_each_has_its_own_sign(palette: QPalette) -> None:
    model = model_of(*Direction)
    images = [drawn(model, row) for row in range(len(Direction))]
    assert all(one != other for one in images for other in images if one is not other)
    base = palette.color(QPalette.ColorRole.Base).lightnessF()
    assert all(contrast(image, base) > 0.4 for image in images)
    chosen = palette.color(QPalette.ColorRole.Highlight).lightnessF()
    for row in range(len(Direction)):
        assert contrast(drawn(model, row, QIcon.Mode.Selected), chosen) > 0.4


@pytest.mark.parametrize("direction", list(Direction))
def test_it_is_said_too(direction: Direction) -> None:
    model = model_of(direction)
    name = model.index(0, Column.NAME)
    said = direction_text(direction)
    assert said
    assert model.data(name, ACCESSIBLE) == f"{said}: disk.raw"
    assert str(model.data(name, TOOLTIP)).startswith(f"{said}: a → b")
    others = set(Column) - {Column.NAME}
    assert all(model.data(model.index(0, column), DECORATION) is None for column in others)
