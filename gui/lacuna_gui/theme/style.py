"""Fusion, with our drawings in place of its fixed-colour ones.

Fusion paints its controls from the palette, but the standard icons (arrows, the clear button of a
line edit, closing a tab, those of file dialogs) are pixmaps made for light windows: black on dark.
"""

from __future__ import annotations

from typing import Final, cast

from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QProxyStyle, QStyle, QStyleFactory, QStyleOption, QWidget

from lacuna_gui.theme.colours import Severity
from lacuna_gui.theme.icons import icon, severity_icon

__all__ = ["LacunaStyle"]

_SP = QStyle.StandardPixmap

_ICONS: Final = {
    _SP.SP_ArrowUp: "arrow-up",
    _SP.SP_ArrowDown: "arrow-down",
    _SP.SP_ArrowLeft: "arrow-left",
    _SP.SP_ArrowRight: "arrow-right",
    _SP.SP_ArrowBack: "arrow-left",
    _SP.SP_ArrowForward: "arrow-right",
    _SP.SP_BrowserReload: "refresh",
    _SP.SP_BrowserStop: "cancel",
    _SP.SP_DialogApplyButton: "check",
    _SP.SP_DialogCancelButton: "cancel",
    _SP.SP_DialogCloseButton: "cancel",
    _SP.SP_DialogDiscardButton: "delete",
    _SP.SP_DialogHelpButton: "about",
    _SP.SP_DialogNoButton: "cancel",
    _SP.SP_DialogOkButton: "check",
    _SP.SP_DialogOpenButton: "folder-open",
    _SP.SP_DialogResetButton: "refresh",
    _SP.SP_DialogSaveButton: "download",
    _SP.SP_DialogYesButton: "check",
    _SP.SP_DirClosedIcon: "folder",
    _SP.SP_DirIcon: "folder",
    _SP.SP_DirOpenIcon: "folder-open",
    _SP.SP_DockWidgetCloseButton: "close",
    _SP.SP_DriveHDIcon: "block-device",
    _SP.SP_FileDialogBack: "arrow-left",
    _SP.SP_FileDialogContentsView: "list",
    _SP.SP_FileDialogDetailedView: "list",
    _SP.SP_FileDialogInfoView: "details",
    _SP.SP_FileDialogListView: "list",
    _SP.SP_FileDialogNewFolder: "folder-new",
    _SP.SP_FileDialogToParent: "arrow-up",
    _SP.SP_FileIcon: "file",
    _SP.SP_LineEditClearButton: "clear",
    _SP.SP_MediaPause: "pause",
    _SP.SP_MediaPlay: "start",
    _SP.SP_MediaStop: "stop",
    _SP.SP_MessageBoxQuestion: "question",
    _SP.SP_TabCloseButton: "close",
    _SP.SP_TitleBarCloseButton: "close",
    _SP.SP_ToolBarHorizontalExtensionButton: "chevron-right",
    _SP.SP_ToolBarVerticalExtensionButton: "chevron-down",
    _SP.SP_TrashIcon: "delete",
}

_SEVERITIES: Final = {
    _SP.SP_MessageBoxCritical: Severity.BAD,
    _SP.SP_MessageBoxInformation: Severity.INFO,
    _SP.SP_MessageBoxWarning: Severity.WARNING,
}


class LacunaStyle(QProxyStyle):
    """The style of the application. Only icons are overridden: painting stays in C++."""

    def __init__(self) -> None:
        super().__init__(QStyleFactory.create("Fusion"))

    def standardIcon(  # noqa: D102, N802
        self,
        standardIcon: QStyle.StandardPixmap,  # noqa: N803
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
    ) -> QIcon:
        if standardIcon in _ICONS:
            return icon(_ICONS[standardIcon])
        if standardIcon in _SEVERITIES:
            return severity_icon(_SEVERITIES[standardIcon])
        return super().standardIcon(standardIcon, option, widget)

    def standardPixmap(  # noqa: D102, N802
        self,
        standardPixmap: QStyle.StandardPixmap,  # noqa: N803
        opt: QStyleOption | None = None,
        widget: QWidget | None = None,
    ) -> QPixmap:
        if standardPixmap in _ICONS or standardPixmap in _SEVERITIES:
            size = self.pixelMetric(QStyle.PixelMetric.PM_SmallIconSize, opt, widget)
            return self.standardIcon(standardPixmap, opt, widget).pixmap(size, size)
        # Qt takes no option here too; its description for Python does not say so.
        return super().standardPixmap(standardPixmap, cast("QStyleOption", opt), widget)
