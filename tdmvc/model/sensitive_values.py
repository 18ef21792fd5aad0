"""What values look like whatever their column is called: a secret, or data about a person.

Only forms that hardly occur by chance count: known prefixes, check digits, fixed shapes. UUIDs,
hashes of content and other identifiers have none of them.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache

MOST_CHARACTERS = 20_000
"""Of a longer text, only this many characters at the beginning are examined."""
_MOST_OF_A_COLUMN = 2_000_000
"""How many characters of a column are examined: about half a second of work."""
_MOST_DEPTH = 20

_WORD = r"(?<![A-Za-z0-9_-])"
_SECRETS = (
    ("a private key", r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY|AGE-SECRET-KEY-1[A-Z0-9]{20,}"),
    ("a signed token", _WORD + r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
    (
        "a password hash",
        r"\$(?:2[abxy]?|argon2(?:id|i|d)|scrypt|bcrypt-sha256|pbkdf2[a-z0-9-]*|[156y]|7|gy|[PHS])\$[^\s\"',;]{16,}"
        r"|(?<![A-Za-z0-9])(?:pbkdf2_sha\d+|bcrypt_sha256|bcrypt|scrypt|argon2(?:id|i|d)?|md5|sha1|sha256)\$[^\s\"',;]{8,}"
        r"|(?<![A-Za-z0-9])(?:pbkdf2:sha\d+|scrypt):\d[\d:]*\$[^\s\"',;]{8,}"
        r"|\{(?:SSHA|SHA|SMD5|CRYPT|PBKDF2|SSHA256|SSHA512|bcrypt|noop)[^}]{0,20}\}[^\s\"',;]{8,}"
        r"|SCRAM-SHA-(?:1|256)\$\d+:[^\s\"',;]{16,}"
        r"|^md5[0-9a-f]{32}$|^AQAAAA[A-Za-z0-9+/]{40,}={0,2}$",
    ),
    (
        "an access key",
        _WORD
        + r"(?:(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{8,}|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}"
        r"|glpat-[A-Za-z0-9_-]{16,}|(?:AKIA|ASIA)[A-Z0-9]{12,}|xox[abceoprs]-[A-Za-z0-9-]{8,}|xapp-[A-Za-z0-9-]{8,}"
        r"|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{40,}"
        r"|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|sk-ant-[A-Za-z0-9_-]{16,}|sk-proj-[A-Za-z0-9_-]{16,}"
        r"|sk-[A-Za-z0-9]{32,}|hf_[A-Za-z0-9]{30,}|do[opr]_v1_[0-9a-f]{40,}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{24,}"
        r"|whsec_[A-Za-z0-9+/=]{16,}|hvs\.[A-Za-z0-9_-]{20,}|sq0[a-z]{3}-[A-Za-z0-9_-]{20,}|dckr_pat_[\w-]{16,}"
        r"|Bearer [A-Za-z0-9._~+/-]{20,})",
    ),
    (
        "a URL with a password",
        r"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s:/@\"']{0,80}:[^\s/@\"'$<{]{1,120}@[\w\[]",
    ),
    (
        "a secret",
        r"(?i)[\"'](?:[a-z0-9]+[_-])*(?:password|passwd|passphrase|secret|secret_?key|api_?key|private_?key|access_?token"
        r"|refresh_?token|auth_?token|client_?secret)[\"']\s*:\s*[\"'][^\"']",
    ),
)
"""What a secret looks like, in the whole text."""


@cache
def _any_secret() -> re.Pattern[str]:
    """Return what all secrets match; made at the first value, because it takes longer than most imports."""
    return re.compile(
        "|".join(f"(?:{pattern.removeprefix('(?i)')})" for _, pattern in _SECRETS), re.IGNORECASE
    )


@cache
def _each_secret() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(pattern)) for kind, pattern in _SECRETS)


_MAIL = re.compile(
    r"(?:[^<>@\"]{0,80}<)?\s*(?:mailto:)?[^\s@<>,;:\"()\[\]/]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+\s*>?"
)
_SSN = re.compile(r"(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}")
_CARD = re.compile(
    r"(?:4\d{3}|5[1-5]\d\d|2[2-7]\d\d|6(?:011|5\d\d|4[4-9]\d)|35\d\d)([ -])\d{4}\1\d{4}\1\d{4}"
    r"|3[47]\d\d([ -])\d{6}\2\d{5}"
)
_CARD_DIGITS = re.compile(
    r"4\d{12}(?:\d{3})?|(?:5[1-5]\d\d|2[2-7]\d\d|6011|65\d\d|64[4-9]\d|35\d\d)\d{12}|3[47]\d{13}"
    r"|3(?:0[0-5]|[68]\d)\d{11}"
)
_IBAN = re.compile(r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}")
_IBAN_LENGTHS: Mapping[str, int] = {
    **dict.fromkeys(("NO",), 15),
    **dict.fromkeys(("BE",), 16),
    **dict.fromkeys(("DK", "FI", "FO", "GL", "NL"), 18),
    **dict.fromkeys(("MK", "SI"), 19),
    **dict.fromkeys(("AT", "BA", "EE", "KZ", "LT", "LU", "XK"), 20),
    **dict.fromkeys(("CH", "CR", "HR", "LI", "LV"), 21),
    **dict.fromkeys(("BG", "BH", "DE", "GB", "GE", "IE", "ME", "RS", "VA"), 22),
    **dict.fromkeys(("AE", "GI", "IL", "IQ", "TL"), 23),
    **dict.fromkeys(("AD", "CZ", "ES", "MD", "PK", "RO", "SA", "SE", "SK", "TN", "VG"), 24),
    **dict.fromkeys(("PT", "ST"), 25),
    **dict.fromkeys(("IS", "TR"), 26),
    **dict.fromkeys(("FR", "GR", "IT", "MC", "MR", "SM"), 27),
    **dict.fromkeys(("AL", "AZ", "BY", "CY", "DO", "GT", "HU", "LB", "PL"), 28),
    **dict.fromkeys(("BR", "EG", "PS", "QA", "UA"), 29),
    **dict.fromkeys(("JO", "KW", "MU"), 30),
    **dict.fromkeys(("MT", "SC"), 31),
    **dict.fromkeys(("LC",), 32),
}
_PHONE = re.compile(r"\+[1-9](?:[ ().-]{0,2}\d){7,14}")

_ENOUGH = 0.6
"""The share of a column's values that must have a shape which one value may have by chance."""


def kind_of_value(value: object) -> str | None:
    """Return what a value surely looks like (`a password hash`), or None; a list or struct counts by its leaves."""
    return next((kind for text in _texts(value) if (kind := _kind_of_text(text)) is not None), None)


class Look:
    """What the values of a column look like, by those that were seen so far.

    One secret is enough. What a single value may look like by chance (an e-mail address among
    names of accounts, a number that passes for that of a card) must hold for most of the values.
    """

    def __init__(self) -> None:
        self._count = 0
        self._room = _MOST_OF_A_COLUMN
        self._kinds: Counter[str] = Counter()
        self._sure: str | None = None

    def see(self, values: Iterable[object]) -> None:
        """Take more values into account; nulls and empty texts do not count."""
        for value in values:
            if self._sure is not None or self._room <= 0:
                return
            if value is None or value == "":
                continue
            self._count += 1
            self._room -= min(len(value), MOST_CHARACTERS) if isinstance(value, str | bytes) else 1
            kind = kind_of_value(value)
            if kind in _SURE:
                self._sure = kind
            kind = kind or _likely_kind(value)
            if kind is not None:
                self._kinds[kind] += 1

    @property
    def kind(self) -> str | None:
        """What the values look like, or None."""
        if self._sure is not None:
            return self._sure
        for kind, found in self._kinds.most_common(1):
            if found >= _ENOUGH * self._count:
                return kind
        return None


def _texts(value: object, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value[:MOST_CHARACTERS]
    elif isinstance(value, bytes):
        # Bytes may hold text; anything else matches nothing.
        yield value[:MOST_CHARACTERS].decode("latin-1")
    elif isinstance(value, Mapping) and depth < _MOST_DEPTH:
        yield json.dumps({str(key): leaf for key, leaf in value.items() if isinstance(leaf, str)})
        for leaf in value.values():
            yield from _texts(leaf, depth + 1)
    elif isinstance(value, list | tuple) and depth < _MOST_DEPTH:
        for leaf in value:
            yield from _texts(leaf, depth + 1)


def _kind_of_text(text: str) -> str | None:
    if len(text) < _SHORTEST:
        return None
    if _any_secret().search(text):
        found = next((kind for kind, pattern in _each_secret() if pattern.search(text)), None)
        if found is not None:
            return found
    if len(text) > _LONGEST:
        return None
    text = text.strip()
    return next((kind for kind, is_one in _WHOLE if is_one(text)), None)


def _likely_kind(value: object) -> str | None:
    """Return what a value looks like if those around it do, too."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).strip()
    if _CARD_DIGITS.fullmatch(text) and _passes_luhn(text):
        return _CARD_NUMBER
    if _PHONE.fullmatch(text):
        return "a phone number"
    return None


def _is_card(text: str) -> bool:
    return _CARD.fullmatch(text) is not None and _passes_luhn(re.sub(r"\D", "", text))


def _is_iban(text: str) -> bool:
    if _IBAN.fullmatch(text) is None:
        return False
    bare = text.replace(" ", "")
    if _IBAN_LENGTHS.get(bare[:2]) != len(bare):
        return False
    return int("".join(str(int(character, 36)) for character in bare[4:] + bare[:4])) % 97 == 1


def _passes_luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0 and len(set(digits)) > 1


_CARD_NUMBER = "a card or account number"
_WHOLE: tuple[tuple[str, Callable[[str], object]], ...] = (
    ("an e-mail address", _MAIL.fullmatch),
    ("an identity number", _SSN.fullmatch),
    (_CARD_NUMBER, _is_card),
    (_CARD_NUMBER, _is_iban),
)
"""What a whole value looks like."""
_SURE = frozenset(kind for kind, _ in _SECRETS)
_SHORTEST = 6
_LONGEST = 200
