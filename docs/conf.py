"""How Sphinx builds these pages: ``./dev docs``."""

from importlib import import_module

from sphinx.application import Sphinx

from lacuna_engine import __version__

project = "Lacuna"
author = "The Lacuna authors"
project_copyright = "The Lacuna authors"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"Lacuna {release}"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "undoc-members": True, "imported-members": True}
# Some packages load what they export only when it is asked for: ask for it.
for name in ("journal", "transfer", "transport", "storage", "server", "extents", "worker"):
    package = import_module(f"lacuna_engine.{name}")
    vars(package).update({export: getattr(package, export) for export in package.__all__})

python_use_unqualified_type_names = True
napoleon_google_docstring = True
napoleon_use_rtype = False


def _plain(
    _app: object, _what: str, _name: str, _of: object, _options: object, lines: list[str]
) -> None:
    """Drop what Python says of each field of a named tuple: the class's own text tells of it."""
    if lines and lines[0].startswith("Alias for field number "):
        lines.clear()


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", _plain)
