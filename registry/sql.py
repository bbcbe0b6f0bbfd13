"""Names in SQL."""


def quoted(name: str) -> str:
    """A column name as SQL, whatever characters a portal put into it."""
    return '"' + name.replace('"', '""') + '"'
