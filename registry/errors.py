"""The one small exception tree: every message says what is wrong, where, and what to do."""


class RegistryError(Exception):
    """Anything the registry refuses, in words a person can act on."""


class DataError(RegistryError):
    """A file of data/ is not as it should be: names file, key and allowed values."""


class SourceError(RegistryError):
    """One source could not be read; other sources go on and yesterday's rows stay."""


class FactsError(RegistryError):
    """The facts given to a judgement are malformed: names the key and allowed values."""
