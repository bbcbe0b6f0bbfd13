"""Fold text and company names so that two spellings of one thing compare equal.

Folding keeps letters and digits only: "License-Plate  READER" and "license plate reader" are one text.
Words stay words: whatever is not a letter or a digit becomes one space, an apostrophe becomes nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import takewhile

_APOSTROPHES = "'’‘`´ʼ"
# Letters that compatibility folding leaves alone although a reader takes them for plain ones.
_LOOKALIKES = str.maketrans({"ı": "i", "ł": "l", "Ł": "l", "ø": "o", "Ø": "o", "đ": "d", "Đ": "d"})
_KEEP = b"abcdefghijklmnopqrstuvwxyz0123456789"
_ASCII = bytes(byte if byte in _KEEP or byte > 127 else byte + 32 if 65 <= byte <= 90 else 32 for byte in range(256))
_DROP = b"'`"
# A character that no folded text can hold.
MARK = "\x01"
_MANY = bytes(1 if byte == 1 else folded for byte, folded in enumerate(_ASCII))

_JUNK = re.compile(r"\|.*$|\(\s*\d[\d\s-]*\)\s*$|\s+0\d\s*$")
_OTHER_NAME = re.compile(r"\b(?:d\s*/?\s*b\s*/?\s*a|a\s*/?\s*k\s*/?\s*a|f\s*/?\s*k\s*/?\s*a|formerly(?:\s+known\s+as)?)\b\.?", re.I)
_SUFFIXES = frozenset({
    "inc", "incorporated", "llc", "llp", "lp", "ltd", "limited", "co", "company", "corp", "corporation",
    "plc", "gmbh", "ag", "pty", "pllc", "pc", "bv", "nv", "sa", "sarl",
})  # fmt: skip
_SHORT = {
    long: short
    for short, longs in {
        "tech": "technologies technology techs technol",
        "system": "systems sys syst",
        "solution": "solutions soln",
        "service": "services srvc svc svcs srvcs",
        "intl": "international internatl",
        "communication": "communications comm comms commun",
        "america": "americas amer",
        "industry": "industries ind inds",
        "electronic": "electronics electr",
        "equip": "equipment eqpt",
        "mfg": "manufacturing",
        "assoc": "associates associate associated",
        "lab": "labs laboratory laboratories",
        "govt": "government gov",
        "product": "products prod prods",
        "dist": "distributors distributor distributing",
        "mgmt": "management mgt",
        "group": "grp",
        "natl": "national",
    }.items()
    for long in longs.split()
}
# Words of the names of companies and public bodies, and of no person's.
_BUSINESS = frozenset({
    *_SHORT, *_SHORT.values(), "bank", "center", "centre", "city", "college", "county", "department", "dept", "foundation", "institute",
    "security", "state", "town", "university", "usa", "video",
}) - {"lab", "prod", "dist"}  # fmt: skip


def _common_start(words: list[str]) -> str:
    return "".join(letters[0] for letters in takewhile(lambda letters: len(set(letters)) == 1, zip(*words, strict=False)))


# Short form -> the letters that all forms of the word begin with: "sys" of systems, system, sys and syst.
_STEMS = {short: _common_start([short, *(long for long, other in _SHORT.items() if other == short)]) for short in set(_SHORT.values())}


def fold(text: str) -> str:
    """Return `text` as lower-case words of letters and digits with one space between them."""
    return fold_bytes(text).decode()


def fold_bytes(text: str) -> bytes:
    """As `fold`, in UTF-8; plain ASCII, the hot path, takes no Unicode work at all."""
    if text.isascii():
        return b" ".join(text.encode().translate(_ASCII, _DROP).split())
    return " ".join(_plain(text).split()).encode()


def fold_many(texts: Iterable[str]) -> str:
    """Return many texts folded at once, with ` MARK ` between them: a tenth of the calls that folding each would take.

    A text that holds the mark itself loses it, so that what follows still stands in its own place.
    """
    plain = [text if text.isascii() and MARK not in text else _plain(text) for text in texts]
    return b" ".join(f" {MARK} ".join(plain).encode().translate(_MANY, _DROP).split()).decode()


def fold_with_offsets(text: str, until: int | None = None) -> tuple[str, list[int]]:
    """Return the folded text and, for each of its characters, where in `text` it came from.

    `until` stops after about that many folded characters, for a hit near the start of a very long text.
    """
    letters: list[str] = []
    offsets: list[int] = []
    for at, char in enumerate(text):
        if until is not None and len(letters) > until:
            break
        for plain in _plain_letter(char):
            if plain == " " and (not letters or letters[-1] == " "):
                continue
            letters.append(plain)
            offsets.append(at)
    if letters and letters[-1] == " ":
        letters.pop()
        offsets.pop()
    return "".join(letters), offsets


@lru_cache(maxsize=4096)
def _plain_letter(char: str) -> str:
    """As `_plain` for one character; texts are made of few different ones."""
    return _plain(char)


def supplier_key(name: str) -> str:
    """Return the key under which one company's spellings meet; never similar names of two companies.

    Drops what portals append ("|CLEANED-UP", " 01", "(90-0008456)"), a leading "the", legal suffixes, and
    shortens common words, so "SHOTSPOTTER, INC." and "ShotSpotter Inc" are one key.
    """
    words = [_SHORT.get(word, word) for word in _join_initials(fold(_JUNK.sub("", name.strip())).split())]
    words = [word for at, word in enumerate(words) if word not in {"and", "of"} and (at or word != "the")]
    return " ".join(_without_suffixes(words))


def supplier_keys(name: str) -> list[str]:
    """Return the key of the whole name, then of each part of a "doing business as" name."""
    parts = [part for part in _OTHER_NAME.split(name) if part.strip(" ,.-()")]
    keys = [supplier_key(text) for text in ([name, *parts] if len(parts) > 1 else [name])]
    return [key for key in dict.fromkeys(keys) if key]


def bare_name(name: str) -> str:
    """Return a company's name as written, without remarks in brackets and its legal form: "Flock Group, Inc." is "Flock Group"."""
    words = _JUNK.sub("", name.split("(")[0].strip() or name).split()
    while len(words) > 1 and fold(words[-1]).replace(" ", "") in _SUFFIXES:
        words.pop()
    return " ".join(words).rstrip(" ,.;-")


def opening(name: str) -> str:
    """Return what every spelling of a company's name begins with, as far as letters and case allow.

    It ends within the first word that portals shorten ("Digital Recorders Technologies" gives "Digital Recorders tech") or
    punctuate in their own way; where that would leave no whole word, the bare name is given.
    """
    bare = bare_name(name)
    begin: list[str] = []
    for word in bare.split():
        short = _SHORT.get(word.lower(), word.lower())
        if begin and (short in _STEMS or not word.isalnum()):
            return " ".join([*begin, _STEMS.get(short, "")]).strip()
        begin.append(word)
    return bare


def names_a_company(name: str) -> bool:
    """Whether a name has a legal form or a word of business or government in it, so that it is not a person's; else it may be one."""
    words = _join_initials(fold(name).split())
    return any(word in _SUFFIXES or word in _BUSINESS for word in words)


def _plain(text: str) -> str:
    """Return the same letters without accents, case or compatibility forms; anything else as spaces."""
    bare = unicodedata.normalize("NFKD", text.translate(_LOOKALIKES)).casefold()
    bare = unicodedata.normalize("NFKD", bare)
    return "".join(_letters(bare))


def _letters(text: str) -> Iterator[str]:
    for char in text:
        if char.isalnum():
            yield char
            continue
        if char in _APOSTROPHES or unicodedata.combining(char):
            continue
        yield " "


def _join_initials(words: list[str]) -> list[str]:
    """Join runs of single characters: "l l c" is "llc", "l 3" is "l3"."""
    joined: list[str] = []
    for at, word in enumerate(words):
        if at and len(word) == 1 and len(words[at - 1]) == 1:
            joined[-1] += word
            continue
        joined.append(word)
    return joined


def _without_suffixes(words: list[str]) -> list[str]:
    kept = list(words)
    while len(kept) > 1 and kept[-1] in _SUFFIXES:
        kept.pop()
    return kept
