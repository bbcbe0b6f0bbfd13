"""The published site: Datasette over the registry.db beside this file, which never changes while it runs."""

import gc
import json
from pathlib import Path
from typing import Any

from datasette.app import Datasette

HERE = Path(__file__).resolve().parent


def _read(name: str) -> Any:
    return json.loads((HERE / name).read_text(encoding="utf-8"))


app = Datasette(
    immutables=[str(HERE / "registry.db")],
    inspect_data=_read("inspect-data.json"),
    metadata=_read("metadata.json"),
    settings=_read("settings.json"),
    plugins_dir=str(HERE / "plugins"),
    template_dir=str(HERE / "templates"),
    static_mounts=[("static", str(HERE / "static"))],
).app()

# What was made until now stays for good. To look through it for garbage again and again would hold up a page by 50 ms now and then.
gc.collect()
gc.freeze()
