"""The site on a port of the loopback, and Debian's Chromium to read it with."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import site_fixture
import uvicorn
from datasette.app import Datasette

from registry import serve

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
# `.ci/run` sets it: where everything is installed, nothing may be skipped.
MUST_RUN = os.environ.get("REGISTRY_TEST_BROWSER") == "1"
SCREENSHOTS = os.environ.get("REGISTRY_SCREENSHOTS")
STARTING = 60.0  # seconds that a site may take to open its port


def chromium() -> str:
    """The path of the browser; the test is skipped without one, or fails where it must run."""
    found = next((path for path in map(shutil.which, CHROMIUMS) if path), None)
    if found and importlib.util.find_spec("playwright"):
        return found
    words = "needs Chromium (`apt-get install chromium`) and the test extras"
    if MUST_RUN:
        pytest.fail(words)
    pytest.skip(words)


@contextlib.contextmanager
def served(site: Datasette) -> Iterator[str]:
    """The address of the site while the block runs."""
    door = socket.socket()
    door.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(site.app(), log_level="warning", lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
    thread.start()
    until = time.monotonic() + STARTING
    while not server.started and time.monotonic() < until:
        time.sleep(0.05)
    assert server.started
    try:
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(STARTING)
        door.close()


def small(folder: Path) -> Datasette:
    return serve.test_client(site_fixture.build(folder / "registry.db"), site_fixture.ROOT)


def keep(page: object, name: str) -> None:
    """A picture of the page where somebody wants pictures."""
    if SCREENSHOTS:
        Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", full_page=True)  # type: ignore[attr-defined]
