"""Names in SQL."""


def quoted(name: str) -> str:
    """A column name as SQL, whatever characters a portal put into it."""
    return '"' + name.replace('"', '""') + '"'


def nameless(column: str) -> str:
    """The condition that a column is blank; the plain comparison comes first, so that an index on it is used."""
    return f"({quoted(column)} < '!' AND trim({quoted(column)}, ' ' || char(9, 10, 13)) = '')"
