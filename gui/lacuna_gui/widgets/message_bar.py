"""Messages above the contents of the window: they stack, wait, and stop nobody.

No dialog per failure: what happened stands here until it is dismissed or its cause is gone. Only
the latest are shown, the others are behind a button.
"""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QVBoxLayout, QWidget

from lacuna_gui.theme import Severity
from lacuna_gui.widgets.message import Message, MessageAction, MessagePanel

__all__ = ["Message", "MessageAction", "MessageBar"]

_SHOWN = 3


class MessageBar(QWidget):
    """A stack of messages, the latest on top; without any it takes no room.

    ``dismissed`` tells the message that was taken away, by whom ever; ``count_changed`` how many
    there are.
    """

    dismissed = Signal(object)
    count_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._panels: list[MessagePanel] = []
        self._all = False
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self._more = QPushButton(self)
        self._more.setFlat(True)
        self._more.clicked.connect(self._on_more)
        self._layout.addWidget(self._more)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setAccessibleName(self.tr("Messages"))
        self._arrange()

    @property
    def messages(self) -> tuple[Message, ...]:
        """All messages, the latest first."""
        return tuple(panel.message for panel in self._panels)

    def show_message(self, message: Message) -> None:
        """Show a message, in place of one with the same key if there is one."""
        panel = self._like(message)
        if panel is not None and panel.message == message:
            panel.repeat(message)
        else:
            if panel is not None:
                self._drop(panel)
            panel = MessagePanel(message, self)
            panel.dismissed.connect(lambda gone=panel: self._remove(gone))
            self._panels.insert(0, panel)
            self._layout.insertWidget(0, panel)
        self._arrange()
        if message.seconds > 0:
            self._expire(panel, message)
        self._announce(message)
        self.count_changed.emit(len(self._panels))

    def dismiss(self, key: str) -> None:
        """Take away the message with this key, for example since its cause is gone."""
        for panel in [panel for panel in self._panels if key and panel.message.key == key]:
            self._remove(panel)

    def clear(self) -> None:
        """Take away all messages."""
        for panel in list(self._panels):
            self._remove(panel)

    def _like(self, message: Message) -> MessagePanel | None:
        for panel in self._panels:
            same_key = bool(message.key) and panel.message.key == message.key
            if same_key or panel.message == message:
                return panel
        return None

    def _remove(self, panel: MessagePanel) -> None:
        if panel not in self._panels:
            return
        had_focus = panel.holds_focus
        self._drop(panel)
        self._arrange()
        if had_focus and self._panels:
            self._panels[0].setFocus()
        self.dismissed.emit(panel.message)
        self.count_changed.emit(len(self._panels))

    def _drop(self, panel: MessagePanel) -> None:
        self._panels.remove(panel)
        self._layout.removeWidget(panel)
        panel.hide()
        panel.deleteLater()

    def _expire(self, panel: MessagePanel, message: Message) -> None:
        def end() -> None:
            if panel not in self._panels or panel.message is not message:
                return
            if panel.is_busy:
                timer.start(1000)
            else:
                self._remove(panel)

        timer = QTimer(panel)
        timer.setSingleShot(True)
        timer.timeout.connect(end)
        timer.start(round(message.seconds * 1000))

    def _arrange(self) -> None:
        hidden = max(0, len(self._panels) - _SHOWN)
        self._all = self._all and hidden > 0
        for place, panel in enumerate(self._panels):
            panel.setVisible(self._all or place < _SHOWN)
        self._more.setVisible(hidden > 0)
        if self._all:
            self._more.setText(self.tr("Show fewer messages"))
        elif hidden == 1:
            self._more.setText(self.tr("1 more message"))
        else:
            self._more.setText(self.tr("{0} more messages").format(hidden))
        self.setVisible(bool(self._panels))

    def _on_more(self) -> None:
        self._all = not self._all
        self._arrange()

    def _announce(self, message: Message) -> None:
        if not QAccessible.isActive():
            return
        event = QAccessibleAnnouncementEvent(self, message.spoken())
        urgent = message.severity in {Severity.BAD, Severity.WARNING}
        if urgent:
            event.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))
        QAccessible.updateAccessibility(event)
