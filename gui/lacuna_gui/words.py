"""Words for the engine's states and phases, in the user's language."""

from __future__ import annotations

import html
import re

from PySide6.QtCore import QCoreApplication

from lacuna_engine.storage import PoolState
from lacuna_engine.transfer import IfExists

translate = QCoreApplication.translate

__all__ = [
    "connections_label",
    "force_text",
    "if_exists_label",
    "if_exists_text",
    "keep_text",
    "limit_label",
    "more_text",
    "phase_text",
    "plain_text",
    "plain_tip",
    "pool_state_text",
    "start_text",
    "state_text",
    "transport_text",
    "verify_text",
    "zeros_text",
]


def plain_text(text: str) -> str:
    """Return the text of an action without what belongs to menus: mnemonic and ellipsis.

    Where no letter of a word can be one, the mnemonic stands behind it in parentheses; Qt leaves
    that on buttons and in tool tips.
    """
    return re.sub(r"\(&\w\)|&(.)", r"\1", text).removesuffix("…").rstrip()


def plain_tip(text: str) -> str:
    """Return a text for a tool tip in which nothing is markup: names come from servers.

    Qt takes a tool tip for HTML if it looks like it, and cannot be told not to.
    """
    if "<" not in text and "&" not in text:
        return text
    return "<qt>" + html.escape(text).replace("\n", "<br>") + "</qt>"


def phase_text(phase: str) -> str:
    """Return what a running transfer is doing."""
    return {
        "starting": translate("words", "starting"),
        "scanning": translate("words", "scanning"),
        "checking": translate("words", "checking"),
        "creating": translate("words", "creating"),
        "sending": translate("words", "sending"),
        "receiving": translate("words", "receiving"),
        "finishing": translate("words", "finishing"),
        "verifying": translate("words", "verifying"),
        "ended": translate("words", "ending"),
    }.get(str(phase), str(phase))


def state_text(state: str, phase: str, attempt: int = 1) -> str:
    """Return the state of a row; of a running one its phase."""
    if state == "running":
        return phase_text(phase)
    if state == "waiting":
        return translate("words", "waiting for try {0}").format(attempt + 1)
    return {
        "queued": translate("words", "queued"),
        "stalled": translate("words", "stalled"),
        "paused": translate("words", "paused"),
        "done": translate("words", "done"),
        "skipped": translate("words", "skipped"),
        "failed": translate("words", "failed"),
        "cancelled": translate("words", "cancelled"),
    }.get(str(state), str(state))


def pool_state_text(state: PoolState) -> str:
    """Return what a pool is doing."""
    return {
        PoolState.INACTIVE: translate("words", "stopped"),
        PoolState.BUILDING: translate("words", "being built"),
        PoolState.RUNNING: translate("words", "active"),
        PoolState.DEGRADED: translate("words", "degraded"),
        PoolState.INACCESSIBLE: translate("words", "not accessible"),
    }.get(state, str(int(state)))


def transport_text(transport: str) -> str:
    """Return how a connection is made; names of protocols are the same in all languages."""
    return translate("words", "local") if transport == "local" else transport


def if_exists_text(policy: IfExists) -> str:
    """Return what happens if the destination exists."""
    return {
        IfExists.FAIL: translate("words", "Do not touch it"),
        IfExists.REPLACE: translate("words", "Replace it"),
        IfExists.RENAME: translate("words", "Use another name"),
        IfExists.SKIP: translate("words", "Skip"),
    }.get(policy, str(policy))


def if_exists_label() -> str:
    """Return the label of the choice above."""
    return translate("words", "If it &exists:")


def limit_label() -> str:
    """Return the label of a limit."""
    return translate("words", "&Speed of each:")


def verify_text() -> str:
    """Return the text of the choice to verify."""
    return translate("words", "&Read back and compare")


def connections_label() -> str:
    """Return the label of the number of streams."""
    return translate("words", "Connections:")


def keep_text() -> str:
    """Return the text of the choice to keep what is replaced."""
    return translate("words", "&Keep the old content until the new one is complete")


def force_text() -> str:
    """Return the text of the choice to write to what is in use."""
    return translate("words", "Write even if a running machine &uses the volume")


def more_text() -> str:
    """Return the text of the button that unfolds what is seldom wanted."""
    return translate("words", "More &options")


def zeros_text() -> str:
    """Return the text of the choice to look for zeros."""
    return translate("words", "Do not send &zeros, make holes of them")


def start_text() -> str:
    """Return the text of the choice to start."""
    return translate("words", "St&art at once")
