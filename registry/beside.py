"""Where a file is made before one rename puts it in its place."""

from __future__ import annotations

import os
from pathlib import Path


def fresh_beside(target: Path) -> Path:
    """The name beside `target` under which this process makes it; what killed loads left there is removed.

    Only one load writes at a time (see locking.py), so nothing found there is still being made.
    """
    for left in target.parent.glob(f"{target.name}.*"):
        if left.suffix[1:].isdecimal():
            left.unlink(missing_ok=True)
    return target.with_name(f"{target.name}.{os.getpid()}")
