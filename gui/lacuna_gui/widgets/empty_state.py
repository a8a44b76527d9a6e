"""What is shown where there is nothing yet: why, and the way to change that."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from lacuna_gui.theme import colours, icon_pixmap, space

__all__ = ["EmptyState"]

_PICTURE = 48
_LINE = 380
"""The widest a line of text gets: about sixty letters, which is what reads well."""


class EmptyState(QWidget):
    """An icon, a title, a sentence and, if there is something to do, a button.

    ``action_triggered`` tells that the button was clicked.
    """

    action_triggered = Signal()

    def __init__(
        self,
        icon: str = "info",
        title: str = "",
        text: str = "",
        button: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon = icon
        self._picture = QLabel(self)
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._picture.setAccessibleName("")
        self._title = QLabel(self)
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title.setWordWrap(True)
        self._text = QLabel(self)
        self._text.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._button = QPushButton(self)
        self._button.clicked.connect(self.action_triggered)
        for label in (self._title, self._text):
            label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(space.WIDE, space.WIDE, space.WIDE, space.WIDE)
        layout.setSpacing(space.GAP)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        layout.addStretch(2)
        layout.addWidget(self._picture)
        layout.addSpacing(space.SMALL)
        layout.addWidget(self._title)
        layout.addWidget(self._text)
        layout.addSpacing(space.SMALL)
        layout.addWidget(self._button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)
        self.show_message(icon, title, text, button)

    @property
    def button(self) -> QPushButton:
        """The button, to be given a default or disabled; hidden if it has no text."""
        return self._button

    def show_message(self, icon: str, title: str, text: str = "", button: str = "") -> None:
        """Show something else."""
        self._icon = icon
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self._button.setText(button)
        self._button.setVisible(bool(button))
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)
        self._dress()

    def minimumSizeHint(self) -> QSize:  # noqa: D102, N802
        # Pictures give way before a splitter is stopped by them.
        return QSize(160, 80)

    def event(self, event: QEvent) -> bool:  # noqa: D102
        if event.type() in {
            QEvent.Type.PaletteChange,
            QEvent.Type.FontChange,
            QEvent.Type.DevicePixelRatioChange,
        }:
            self._dress()
        return super().event(event)

    def resizeEvent(self, event: object) -> None:  # noqa: D102, N802
        super().resizeEvent(event)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        self._picture.setVisible(self.height() >= 170)
        side = max(space.GAP, (self.width() - _LINE) // 2)
        layout = self.layout()
        if layout is not None:
            margins = layout.contentsMargins()
            if margins.left() != side:
                edge = space.GAP if self.height() < 200 else space.WIDE
                layout.setContentsMargins(side, edge, side, edge)

    def _dress(self) -> None:
        if not hasattr(self, "_button"):  # events come while the parts are still being made
            return
        meant = colours(self.palette())
        ratio = self.devicePixelRatioF()
        self._picture.setPixmap(icon_pixmap(self._icon, _PICTURE, meant.outline, ratio))
        font = self.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.15)
        if self._title.font() != font:
            self._title.setFont(font)
        palette = QPalette(self._text.palette())
        if palette.color(QPalette.ColorRole.WindowText) != meant.muted:
            palette.setColor(QPalette.ColorRole.WindowText, meant.muted)
            self._text.setPalette(palette)
