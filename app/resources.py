"""The one function that finds a file that is part of the program."""

from __future__ import annotations

from pathlib import Path

# In a frozen program the modules lie beside ``resources`` as they do in the source tree.
_ROOT = Path(__file__).resolve().parent.parent / "resources"


def resource(path: str) -> Path:
    """Return where the bundled file or folder ``path`` lies, for example ``policies/national.toml``."""
    return _ROOT.joinpath(*path.split("/"))
