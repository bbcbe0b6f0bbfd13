"""The exact packages a published site installs: what Datasette and the site's plugins need, in the versions of this environment.

`python -m registry.lock` prints them; the list in registry/deploy/requirements.txt is this output, made after the tests passed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import distribution

from packaging.requirements import Requirement

SITE_NEEDS = ("datasette", "polib", "xlsxwriter")  # polib reads the site's languages, xlsxwriter writes its spreadsheets
# What Vercel and the Dockerfile run; a marker such as `python_version < "3.12"` is read for it.
SITE_PYTHON = {"python_version": "3.12", "python_full_version": "3.12.0", "sys_platform": "linux", "platform_system": "Linux", "extra": ""}


def canonical(name: str) -> str:
    """A package's name as the index writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _needs(name: str) -> Iterator[str]:
    for line in distribution(name).requires or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(SITE_PYTHON):
            yield canonical(requirement.name)


def locked(names: tuple[str, ...] = SITE_NEEDS) -> list[str]:
    """`name==version` of every package in the closure, sorted; PackageNotFoundError for one that is not installed."""
    found: set[str] = set()
    waiting = [canonical(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _needs(name)
    return [f"{name}=={distribution(name).version}" for name in sorted(found)]


if __name__ == "__main__":
    print("\n".join(locked()))
