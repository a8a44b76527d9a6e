"""Colours can be read and told apart; icons follow the palette; the scheme is followed."""

import gc
import itertools

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QImage, QPalette
from PySide6.QtWidgets import QApplication, QCheckBox, QPushButton, QStyle
from pytestqt.qtbot import QtBot

import lacuna_resources
from lacuna_engine.extents import Kind, Progress
from lacuna_gui.theme import (
    DARK,
    LIGHT,
    Colours,
    LacunaStyle,
    Scheme,
    Severity,
    Theme,
    app_icon,
    colours,
    icon,
    icon_pixmap,
    is_dark,
    mix,
    palette_of,
    severity_icon,
)
from lacuna_gui.theme.palettes import control_palettes
from ui.vision import VISIONS, contrast, distance

Role = QPalette.ColorRole
TEXT = 4.5
GRAPHICS = 3.0
APART = 12.0
"""A distance of 2.3 is just noticed side by side; this is seen at a glance."""

SETS: dict[str, tuple[str, ...]] = {
    "kinds": ("data", "hole", "zero"),
    "progress": ("pending", "in_flight", "acknowledged", "verified", "failed"),
    "severities": ("good", "warning", "bad", "info"),
}
both = pytest.mark.parametrize("meant", [LIGHT, DARK], ids=["light", "dark"])


def named(meant: Colours, name: str) -> QColor:
    color = getattr(meant, name)
    assert isinstance(color, QColor)
    return color


@both
@pytest.mark.parametrize("role", [Role.Base, Role.AlternateBase, Role.Window])
def test_drawings_stand_out_from_every_ground(meant: Colours, role: QPalette.ColorRole) -> None:
    ground = palette_of(dark=meant.dark).color(role)
    names = {*SETS["kinds"], *SETS["progress"], "accent", "outline"}
    low = {name: contrast(named(meant, name), ground) for name in names}
    assert {name: ratio for name, ratio in low.items() if ratio < GRAPHICS} == {}


@both
def test_words_of_messages_can_be_read(meant: Colours) -> None:
    palette = palette_of(dark=meant.dark)
    for severity in Severity:
        behind = meant.behind(severity)
        for ground in (behind, palette.color(Role.Base), palette.color(Role.Window)):
            assert contrast(meant.of_severity(severity), ground) >= TEXT, severity
        assert contrast(palette.color(Role.WindowText), behind) >= TEXT


@both
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        (Role.WindowText, Role.Window),
        (Role.Text, Role.Base),
        (Role.Text, Role.AlternateBase),
        (Role.ButtonText, Role.Button),
        (Role.HighlightedText, Role.Highlight),
        (Role.ToolTipText, Role.ToolTipBase),
        (Role.PlaceholderText, Role.Base),
        (Role.Link, Role.Base),
        (Role.Link, Role.Window),
        (Role.LinkVisited, Role.Window),
    ],
)
def test_text_of_the_palette_can_be_read(
    meant: Colours, text: QPalette.ColorRole, ground: QPalette.ColorRole
) -> None:
    palette = palette_of(dark=meant.dark)
    assert contrast(palette.color(text), palette.color(ground)) >= TEXT


@both
def test_text_of_less_weight_can_be_read(meant: Colours) -> None:
    palette = palette_of(dark=meant.dark)
    for role in (Role.Base, Role.AlternateBase, Role.Window):
        assert contrast(meant.muted, palette.color(role)) >= TEXT


@both
@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("names", SETS.values(), ids=SETS.keys())
def test_colours_of_a_set_are_told_apart(
    meant: Colours, vision: str, names: tuple[str, ...]
) -> None:
    close = {
        (first, second): gap
        for first, second in itertools.combinations(names, 2)
        if (gap := distance(named(meant, first), named(meant, second), vision)) < APART
    }
    assert close == {}


@both
def test_bars_are_seen_on_their_track(meant: Colours) -> None:
    for name in ("accent", "verified", "failed"):
        assert contrast(named(meant, name), meant.track) >= GRAPHICS
    # The colour of a warning stands beside its number; on the lightest track it is a bit weaker.
    assert contrast(meant.in_flight, meant.track) >= 2.5


@both
def test_borders_of_controls_are_seen(meant: Colours) -> None:
    palette = control_palettes(dark=meant.dark)["QCheckBox"]
    border = palette.color(Role.Window).darker(140)  # as Fusion draws it
    for role in (Role.Base,):
        assert contrast(border, palette.color(role)) >= GRAPHICS
    assert contrast(border, palette_of(dark=meant.dark).color(Role.Window)) >= GRAPHICS


@both
def test_every_kind_progress_and_severity_has_a_colour(meant: Colours) -> None:
    assert len({meant.of_kind(kind).rgb() for kind in Kind}) == 3
    assert len({meant.of_progress(progress).rgb() for progress in Progress}) == 5
    assert meant.of_kind(Kind.DATA) == meant.data
    assert meant.of_progress(Progress.FAILED) == meant.failed
    assert len({meant.of_severity(severity).rgb() for severity in Severity}) == 4


def test_colours_go_with_the_palette(palette: QPalette) -> None:
    assert colours(palette) is (DARK if is_dark(palette) else LIGHT)
    assert colours(QApplication.palette()).dark == is_dark(palette)


def test_mixing() -> None:
    black, white = QColor("black"), QColor("white")
    assert mix(black, white, 0) == black
    assert mix(black, white, 1).name() == "#ffffff"
    assert mix(black, white, 0.5).red() in {127, 128}


# -- icons


@pytest.mark.parametrize("name", lacuna_resources.icon_names())
def test_a_drawing_has_one_colour_and_something_in_it(name: str) -> None:
    source = lacuna_resources.icon_svg(name).decode()
    assert 'viewBox="0 0 16 16"' in source
    assert "currentColor" in source
    assert "#" not in source, "a colour of its own"
    drawn = icon_pixmap(name, 16, QColor("#ff0000")).toImage()
    marks = [
        drawn.pixelColor(x, y) for x in range(16) for y in range(16)
        if drawn.pixelColor(x, y).alpha() > 128
    ]  # fmt: skip
    assert len(marks) >= 4
    assert all(mark.red() > 200 and mark.green() < 60 for mark in marks)


def test_the_names_that_were_agreed_on_are_there() -> None:
    agreed = """connect disconnect add-connection upload download new-volume refresh delete edit
        duplicate clone resize wipe details start stop pause resume cancel retry remove folder-open
        copy search settings about info warning error success host-local host-ssh host-tls host-tcp
        pool volume block-device iso arrow-up arrow-down arrow-left arrow-right chevron-up
        chevron-down chevron-left chevron-right plus minus fit log speed pin"""
    assert set(agreed.split()) <= set(lacuna_resources.icon_names())


def test_an_icon_takes_the_colour_of_the_palette_it_is_painted_in(theme: Theme) -> None:
    drawing = icon("stop")
    light = darkest(drawing.pixmap(32, 32).toImage())
    theme.set_scheme(Scheme.DARK)
    dark = darkest(drawing.pixmap(32, 32).toImage())
    assert light == palette_of(dark=False).color(Role.ButtonText)
    assert dark == palette_of(dark=True).color(Role.ButtonText)


def test_a_disabled_icon_is_faint(palette: QPalette) -> None:
    drawn = icon("stop").pixmap(QSize(32, 32), QIcon.Mode.Disabled).toImage()
    off = palette.color(QPalette.ColorGroup.Disabled, Role.ButtonText)
    assert darkest(drawn) == off


def test_a_severity_has_its_colour(palette: QPalette) -> None:
    drawn = severity_icon(Severity.BAD).pixmap(32, 32).toImage()
    assert darkest(drawn) == colours(palette).bad


def test_icons_are_sharp_at_any_scale() -> None:
    for ratio, side in ((1.0, 16), (1.5, 24), (2.0, 32)):
        pixmap = icon("upload").pixmap(QSize(16, 16), ratio)
        assert (pixmap.width(), pixmap.devicePixelRatio()) == (side, ratio)


def test_icons_outlive_their_copies() -> None:
    copies = [QIcon(icon("pool")) for _ in range(50)]
    for copy in copies:
        copy.setIsMask(True)  # makes Qt clone the engine
    gc.collect()
    assert all(not copy.pixmap(16, 16).isNull() for copy in copies)


def test_an_unknown_drawing_is_said() -> None:
    with pytest.raises(KeyError, match="no-such"):
        icon("no-such")


def test_the_application_icon_has_all_sizes() -> None:
    sizes = {size.width() for size in app_icon().availableSizes()}
    assert {16, 32, 48, 256} <= sizes
    assert b"currentColor" in lacuna_resources.app_icon_svg(symbolic=True)
    small = app_icon().pixmap(16, 16).toImage()
    blocks, lacuna = small.pixelColor(3, 4), small.pixelColor(9, 6)
    assert contrast(blocks, lacuna) > GRAPHICS


@pytest.mark.parametrize("size", [16, 22, 24])
def test_small_application_icons_have_sharp_blocks(size: int) -> None:
    drawn = app_icon().pixmap(size, size).toImage()
    pixels = [drawn.pixelColor(x, y) for x in range(size) for y in range(size)]
    inside = [pixel for pixel in pixels if pixel.alpha() == 255]
    white = [pixel for pixel in inside if pixel == QColor("white")]
    blurred = [pixel for pixel in inside if pixel not in white and pixel.red() > 60]
    assert len(white) in {5 * 3 * 3, 5 * 4 * 4}
    assert blurred == []


def darkest(image: QImage) -> QColor:
    """Return the colour of the pixel that is covered most."""
    pixels = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    return max(pixels, key=lambda pixel: pixel.alpha())


# -- resources


def test_resources_are_found_and_read() -> None:
    assert lacuna_resources.path("icons").is_dir()
    assert lacuna_resources.read("icons", "upload.svg").startswith(b"<svg")
    with pytest.raises(FileNotFoundError):
        lacuna_resources.read("icons", "none.svg")


# -- scheme and style


def test_the_scheme_can_be_held_and_let_go(qapp: QApplication, theme: Theme, qtbot: QtBot) -> None:
    with qtbot.waitSignal(theme.changed) as told:
        theme.set_scheme(Scheme.DARK)
    assert told.args == [True]
    assert theme.dark
    assert is_dark(qapp.palette())
    with qtbot.assertNotEmitted(theme.changed):
        theme.set_scheme(Scheme.DARK)
    theme.set_scheme(Scheme.SYSTEM)
    assert theme.scheme is Scheme.SYSTEM
    assert not is_dark(qapp.palette())  # where the system says nothing
    assert [Scheme(value) for value in ("system", "light", "dark")] == list(Scheme)


def test_controls_have_their_border_in_both_schemes(theme: Theme, qtbot: QtBot) -> None:
    box = QCheckBox("x")
    qtbot.addWidget(box)
    box.show()
    theme.set_scheme(Scheme.DARK)
    qtbot.waitUntil(lambda: box.palette().color(Role.Window) == QColor("#a5afbc"))
    assert is_dark(QPushButton("y").palette())


def test_standard_icons_are_our_own(palette: QPalette) -> None:
    style = QApplication.style()
    assert isinstance(style, LacunaStyle)
    pixmap = QStyle.StandardPixmap
    for which in (pixmap.SP_ArrowDown, pixmap.SP_LineEditClearButton, pixmap.SP_TabCloseButton):
        drawn = darkest(style.standardIcon(which).pixmap(32, 32).toImage())
        assert drawn == palette.color(Role.ButtonText)
        assert not style.standardPixmap(which).isNull()
    critical = style.standardIcon(pixmap.SP_MessageBoxCritical).pixmap(32, 32).toImage()
    assert darkest(critical) == colours(palette).bad
    assert not style.standardIcon(pixmap.SP_ComputerIcon).isNull()
