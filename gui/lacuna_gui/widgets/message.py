"""One message: what it says, and how it is drawn in the message bar."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QGuiApplication,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from lacuna_gui.theme import Severity, colours, icon, severity_icon, space

__all__ = ["Message", "MessageAction", "MessagePanel"]

_STRIPE = 4
_ICON = 18
_DETAIL_LINES = 6

_LONGEST = 300
"""Characters of a text that are shown at once: daemons' words may be pages."""

_UNBROKEN = re.compile(r"(\S{40})(?=\S)")
"""Words longer than this are broken; they have no place where it would be done."""


@dataclass(frozen=True, slots=True)
class MessageAction:
    """A button of a message; clicking it also dismisses the message, unless it ``stays``."""

    text: str
    run: Callable[[], object]
    icon: str = ""
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """What happened, why, what to do about it, and in ``details`` the daemon's own words.

    Of messages with the same ``key`` only the last one is shown. One with ``seconds`` goes by
    itself after that time, unless the mouse or the focus is on it.
    """

    severity: Severity
    what: str
    why: str = ""
    cure: str = ""
    details: str = ""
    actions: tuple[MessageAction, ...] = ()
    key: str = ""
    seconds: float = 0.0

    def text(self) -> str:
        """Return everything as lines, for the clipboard."""
        return "\n".join(part for part in (self.what, self.why, self.cure, self.details) if part)

    def spoken(self) -> str:
        """Return what is read out at once."""
        return " ".join(part for part in (self.what, self.why, self.cure) if part)


def _shortened(text: str) -> str:
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST].rstrip()}…"
    return _UNBROKEN.sub("\\1\N{ZERO WIDTH SPACE}", cut)


class _Sign(QWidget):
    """The drawing of a severity."""

    def __init__(self, severity: Severity, parent: QWidget) -> None:
        super().__init__(parent)
        self._severity = severity
        self.setFixedSize(_ICON, _ICON)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802
        with QPainter(self) as painter:
            severity_icon(self._severity).paint(painter, self.rect())


class MessagePanel(QFrame):
    """One message in the bar. ``dismissed`` asks for it to be taken away."""

    dismissed = Signal()

    def __init__(self, message: Message, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.message = message
        self._count = 1
        self._icon = _Sign(message.severity, self)
        self._icon.setAccessibleName(
            {
                Severity.INFO: self.tr("Note"),
                Severity.GOOD: self.tr("Success"),
                Severity.WARNING: self.tr("Warning"),
                Severity.BAD: self.tr("Error"),
            }[message.severity]
        )
        self._what = self._label(bold=True)
        self._why = self._label()
        self._unfold = QToolButton(self)
        self._copy = self._tool("copy", self.tr("Copy this message"))
        self._close = self._tool("close", self.tr("Dismiss"))
        self._details = QPlainTextEdit(self)
        self._buttons: list[QPushButton] = []
        self._build()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setAccessibleName(message.what)
        self.setAccessibleDescription(message.spoken())
        self._dress()

    def repeat(self, message: Message) -> None:
        """Say the same again: how often is counted."""
        self.message = message
        self._count += 1
        self._fill()

    @property
    def is_busy(self) -> bool:
        """Whether someone reads it right now."""
        return self.underMouse() or self.holds_focus

    @property
    def holds_focus(self) -> bool:
        """Whether the focus is on it, or on a part of it."""
        widget = QApplication.focusWidget()
        return widget is not None and (widget is self or self.isAncestorOf(widget))

    def copy_text(self) -> None:
        """Put the whole message on the clipboard."""
        QGuiApplication.clipboard().setText(self.message.text())

    # -- building

    def _build(self) -> None:
        body = QVBoxLayout()
        body.setSpacing(space.HAIR)
        body.addWidget(self._what)
        body.addWidget(self._why)
        row = QHBoxLayout()
        row.setSpacing(space.GAP)
        row.setContentsMargins(0, space.HAIR, 0, 0)
        for action in self.message.actions:
            row.addWidget(self._button(action))
        self._unfold.setText(self.tr("Details"))
        self._unfold.setIcon(icon("chevron-right"))
        self._unfold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._unfold.setAutoRaise(True)
        self._unfold.setCheckable(True)
        self._unfold.setToolTip(self.tr("Show the daemon's own words"))
        self._unfold.toggled.connect(self._on_unfold)
        row.addWidget(self._unfold)
        row.addStretch(1)
        folded = self._folded()
        has_row = bool(self.message.actions or folded)
        if has_row:
            body.addLayout(row)
        self._unfold.setVisible(bool(folded))
        self._details.setReadOnly(True)
        self._details.setTabChangesFocus(True)
        self._details.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self._details.setAccessibleName(self.tr("Details"))
        self._details.setVisible(False)
        body.addWidget(self._details)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(_STRIPE + space.GAP, space.GAP - 2, space.SMALL, space.GAP - 2)
        outer.setSpacing(space.GAP)
        top = Qt.AlignmentFlag.AlignTop
        outer.addWidget(self._icon, 0, top)
        outer.addLayout(body, 1)
        outer.addWidget(self._copy, 0, top)
        outer.addWidget(self._close, 0, top)
        self._copy.clicked.connect(self.copy_text)
        self._close.clicked.connect(self.dismissed)
        self._fill()

    def _fill(self) -> None:
        message = self.message
        what = message.what
        if self._count > 1:
            what = self.tr("{0} ({1} times)").format(what, self._count)
        self._what.setText(_shortened(what))
        why, cure = _shortened(message.why), _shortened(message.cure)
        more = " ".join(part for part in (why, cure) if part)
        self._why.setText(more)
        self._why.setVisible(bool(more))
        self._details.setPlainText(self._folded())

    def _folded(self) -> str:
        """Return what is below the fold: the details, and all that is too long for above."""
        texts = (self.message.what, self.message.why, self.message.cure)
        is_long = any(len(text) > _LONGEST for text in texts)
        return self.message.text() if is_long else self.message.details

    def _label(self, *, bold: bool = False) -> QLabel:
        label = QLabel(self)
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.PlainText)  # names and daemons' words are not markup
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        if bold:
            font = label.font()
            font.setBold(True)
            label.setFont(font)
        return label

    def _tool(self, name: str, text: str) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(icon(name))
        button.setIconSize(QSize(space.ICON - 2, space.ICON - 2))
        button.setAutoRaise(True)
        button.setToolTip(text)
        button.setAccessibleName(text)
        return button

    def _button(self, action: MessageAction) -> QPushButton:
        button = QPushButton(action.text, self)
        if action.icon:
            button.setIcon(icon(action.icon))

        def run() -> None:
            if not action.stays:
                self.dismissed.emit()
            action.run()

        button.clicked.connect(run)
        self._buttons.append(button)
        return button

    def _on_unfold(self, shown: bool) -> None:  # noqa: FBT001 - a slot
        self._unfold.setIcon(icon("chevron-down" if shown else "chevron-right"))
        self._details.setVisible(shown)
        self._fit_details()

    def _fit_details(self) -> None:
        """Give the details as many lines as they need, up to some."""
        metrics = self._details.fontMetrics()
        edge = round(self._details.document().documentMargin() * 2) + 2 * space.SMALL
        room = QRect(0, 0, max(80, self._details.width() - edge), 10_000)
        wrapped = metrics.boundingRect(room, Qt.TextFlag.TextWrapAnywhere, self._folded())
        lines = min(_DETAIL_LINES, max(2, -(-wrapped.height() // metrics.lineSpacing())))
        self._details.setFixedHeight(metrics.lineSpacing() * lines + edge)

    # -- looks

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, D102, N802
        meant = colours(self.palette())
        color = meant.of_severity(self.message.severity)
        bottom = self.height() - 0.5
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), meant.behind(self.message.severity))
            painter.fillRect(0, 0, _STRIPE, self.height(), color)
            painter.setPen(QPen(meant.faint, 1))
            painter.drawLine(QPointF(_STRIPE, bottom), QPointF(self.width(), bottom))

    def minimumSizeHint(self) -> QSize:  # noqa: D102, N802
        # Texts that wrap want the height they would have if it were as narrow as can be; the window
        # would be made higher for that.
        least, layout, bar = super().minimumSizeHint(), self.layout(), self.parentWidget()
        if layout is not None and bar is not None:
            wide = max(least.width(), bar.width())
            least.setHeight(min(least.height(), layout.totalHeightForWidth(wide)))
        return least

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102, N802
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()
        if self._unfold.isChecked():
            self._fit_details()

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102, N802
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102, N802
        if event.key() == Qt.Key.Key_Escape:
            self.dismissed.emit()
            return
        super().keyPressEvent(event)

    def _dress(self) -> None:
        if not hasattr(self, "_details"):  # events come while the parts are still being made
            return
        palette = QPalette(self._details.palette())
        back = self.palette().color(QPalette.ColorRole.Base)
        if palette.color(QPalette.ColorRole.Base) != back:
            palette.setColor(QPalette.ColorRole.Base, back)
            self._details.setPalette(palette)
