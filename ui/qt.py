"""What PySide is told once, before the rest of the program is loaded.

WORKAROUND: once it is imported, PySide reads the source of every module that is imported after it, to see
whether it asks for Qt's names in snake case. The standard library keeps each line of it: 11 MB, and time at
the start. No module of ours asks for that, so PySide is told so without looking.
"""

from __future__ import annotations

import sys

import PySide6  # noqa: F401 - brings the module that is changed

_features = sys.modules.get("shibokensupport.feature")
if _features is not None and hasattr(_features, "_mod_uses_pyside"):
    setattr(_features, "_mod_uses_pyside", lambda _module: False)  # noqa: B010 - no type knows it
