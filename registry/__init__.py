"""The surveillance technology procurement registry: load, match, judge, publish."""

__version__ = "0.1.0"
