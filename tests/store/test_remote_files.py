"""What the file systems of remotes tell of a file, in their own notations."""

import base64
import hashlib

import pytest

from tdmvc.store.remote_files import _md5_of

DIGEST = hashlib.md5(b"rows", usedforsecurity=False)
HEX = DIGEST.hexdigest()
BASE64 = base64.b64encode(DIGEST.digest()).decode()


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({"ETag": f'"{HEX}"'}, HEX),
        ({"ETag": HEX.upper()}, HEX),
        ({"md5Hash": BASE64}, HEX),
        ({"Content-MD5": BASE64}, HEX),
        ({"ETag": '"0x8D4BCC2E4835CD0"', "Content-MD5": BASE64}, HEX),
        ({"ETag": f'"{HEX}-2"'}, None),
        ({"ETag": f'W/"{HEX}"'}, None),
        ({"ETag": ""}, None),
        ({"ETag": None, "md5Hash": None}, None),
        ({"ETag": f'"{HEX}00"'}, None),
        ({"md5Hash": "no base64!"}, None),
        ({"md5Hash": base64.b64encode(b"short").decode()}, None),
        ({"Content-MD5": "é"}, None),
        ({"size": 4}, None),
    ],
)
def test_a_checksum_is_read_where_it_may_be_an_md5_hash(facts: dict[str, object], found: str | None) -> None:
    assert _md5_of(facts) == found
