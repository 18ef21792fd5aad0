"""Which names and values look personal or secret, and which do not."""

import hashlib
import random
import string
import uuid
from collections.abc import Iterable

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdmvc.model.schema import Column, must_hide
from tdmvc.model.sensitive_names import kind_by_name
from tdmvc.model.sensitive_values import Look, kind_of_value

TEXT = pa.string()

NAMES = {
    "a secret": """
        password password_hash pass_hash userPassword passwd api_token apiToken APIKey api-key access_token refreshToken
        client_secret secret_key private_key session_key session_data otp_secret recovery_codes bearer Passwort kennwort
        mot_de_passe contraseña senha wachtwoord hasło lösenord пароль 密码 パスワード 비밀번호 Chave_API
    """,
    "an e-mail address": "email e_mail EMail customerEmail emails email_address courriel Correo_Electrónico 邮箱",
    "a phone number": "phone home_phone phoneNumber mobile_phone fax Telefon telefono téléphone 手机号 電話番号",
    "a person's name": "first_name lastName full_name surname Vorname nachname prénom apellidos cognome 姓名",
    "a postal address": "address shipping_address address_line_1 street addr_street Straße anschrift dirección 住所",
    "a date of birth": "birth_date dob date_of_birth Geburtsdatum fecha_nacimiento fødselsdato 生年月日",
    "an identity number": "ssn social_security_number passport_no tax_id national_id dni cpf bsn pesel codice_fiscale",
    "a card or account number": "iban card_number creditCardNumber account_number cvv pin_code",
}
OPEN = """
    id key uuid name title status city country zip description username created_by author hash sha256 checksum
    content_hash etag md5 secretary tokenizer keyword product_key primary_key sort_key emailed email_template email_id
    email_verified token_count password_changed_at address_id ip_address mac_address wallet_address phone_type
    user_id first last birth_count discard shipping mailing streetlight card latitude slug passed monkey
"""


@pytest.mark.parametrize(("kind", "names"), NAMES.items())
def test_a_name_says_what_the_column_holds(kind: str, names: str) -> None:
    assert {name: kind_by_name(name, TEXT) for name in names.split()} == dict.fromkeys(names.split(), kind)


def test_other_names_say_nothing() -> None:
    assert {name: kind for name in OPEN.split() if (kind := kind_by_name(name, TEXT)) is not None} == {}


def test_the_type_must_fit_the_name() -> None:
    assert kind_by_name("birth_date", pa.date32()) == "a date of birth"
    assert kind_by_name("phone", pa.int64()) == "a phone number"
    assert kind_by_name("cvv", pa.int64()) == "a card or account number"
    assert kind_by_name("emails", pa.list_(TEXT)) == "an e-mail address"
    assert kind_by_name("owner", pa.struct([("name", TEXT), ("email", TEXT)])) == "an e-mail address"
    for name, type_ in (("email", pa.bool_()), ("tokens", pa.int64()), ("password_at", pa.timestamp("us"))):
        assert kind_by_name(name, type_) is None


VALUES = {
    "a password hash": [
        "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
        "$2y$10$short.but.real.prefix",
        "pbkdf2_sha256$600000$salt$hash1234=",
        "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdA$aGFzaA",
        "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub",
        "$6$rounds=5000$saltsalt$hashhashhash",
        "scrypt:32768:8:1$salt$0123456789abcdef",
        "{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
        "SCRAM-SHA-256$4096:c2FsdHNhbHQ=$c3RvcmVk:c2VydmVy",
        "md5" + hashlib.md5(b"x").hexdigest(),
    ],
    "a signed token": ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"],
    "an access key": [
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "Bearer 16C7e42F292c6912E7710c838347",
        "AKIAIOSFODNN7EXAMPLE",
        "xoxb-123456789012-abcdef",
        "glpat-abcdefghij0123456789",
        "use token AIzaSyA1234567890abcdefghijklmnopqrstuvw please",
    ],
    "a private key": ["-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==", "-----BEGIN PRIVATE KEY-----"],
    "a URL with a password": ["postgres://shop:hunter2@db.internal/shop", "amqp://:pass@host"],
    "a secret": ['{"user": "me", "password": "x"}', "{'api_key': 'abc'}", {"smtp": {"secret": "x"}}],
    "an e-mail address": [
        "ada@example.com",
        " Ada <ada@example.com> ",
        ["none", "ada@müller.example"],
        b"a1@b.io",
    ],
    "an identity number": ["078-05-1120"],
    "a card or account number": [
        "4111 1111 1111 1111",
        "5500-0055-5555-5559",
        "DE89370400440532013000",
        "GB29 NWBK 6016 1331 9268 19",
    ],
}
PLAIN = [
    None, "", "x", 7, 4.5, True, b"\x00\xff", "open", "NULL", "a@b", "user@host", "git@github.com:a/b.git", "@handle",
    "2020-01-01T00:00:00Z", "https://example.com:8080/@x", "https://shop.example/a:b@c", "$100 and $200", "US$5",
    "sha256:" + "0" * 64, "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "078-05-112", "000-12-3456",
    "4111 1111 1111 1112", "DE00370400440532013000", "123e4567-e89b-12d3-a456-426614174000", "eyJ", "SK_LIVE",
    '{"password_policy": "strict"}', '{"password": null}', ["a", {"b": 1}], "1.10.2", "+49", "SG.1.2",
    "-----BEGIN CERTIFICATE-----",
]  # fmt: skip


@pytest.mark.parametrize(("kind", "values"), VALUES.items())
def test_a_value_says_what_it_is(kind: str, values: list[object]) -> None:
    assert [kind_of_value(value) for value in values] == [kind] * len(values)


def test_other_values_say_nothing() -> None:
    assert [(value, kind) for value in PLAIN if (kind := kind_of_value(value)) is not None] == []


def look(values: Iterable[object]) -> str | None:
    found = Look()
    found.see(values)
    return found.kind


def test_identifiers_and_hashes_of_content_look_like_nothing() -> None:
    numbers = random.Random(1)
    letters = string.ascii_letters + string.digits
    for make in (
        lambda n: str(uuid.UUID(int=numbers.getrandbits(128))),
        lambda n: hashlib.sha256(str(n).encode()).hexdigest(),
        lambda n: hashlib.md5(str(n).encode()).hexdigest(),
        lambda n: "".join(numbers.choices(letters, k=22)),
        lambda n: numbers.randrange(10**15, 10**16),
        lambda n: 4_000_000_000_000_000 + n,
        lambda n: f"ORD-{n:08}",
        lambda n: f"{n % 1000:03}-{n % 10}",
        lambda n: f"{n % 90}.{n % 100000:05}",
    ):
        assert look(make(n) for n in range(2000)) is None


def test_a_column_looks_like_most_of_its_values_or_like_one_secret() -> None:
    cards = ["4111111111111111", "4012888888881881", "378282246310005"]
    assert look([*cards, None, ""]) == "a card or account number"
    assert look(map(int, cards)) == "a card or account number"
    assert look(["+49 30 1234567", "+1 (555) 010-9999", "n/a"]) == "a phone number"
    assert look(["Ada", "Grace", "ada@example.com"]) is None
    assert look(["ada@example.com", "unknown", "grace@example.org"]) == "an e-mail address"
    assert look(["plain", "plain", "AKIAIOSFODNN7EXAMPLE"]) == "an access key"


@given(st.recursive(st.none() | st.text() | st.integers() | st.binary(), st.lists))
def test_any_value_can_be_examined(value: object) -> None:
    kind_of_value(value)
    look([value])


def test_a_hostile_text_takes_little_time() -> None:
    for unit in (
        "a",
        "$2$",
        "eyJ",
        "://",
        '"password_',
        "-----BEGIN ",
        "a-",
        "a://:",
        "(",
        "+1 ",
        "@.",
        "0 ",
    ):
        kind_of_value(unit * (1_000_000 // len(unit)))


def test_a_contract_outranks_what_a_column_looks_like() -> None:
    plain, public = Column("email", TEXT), Column("email", TEXT, classification="public")
    personal = Column("email", TEXT, classification="personal")
    hashed = Column("misc", TEXT, looks_like="a password hash")
    assert plain.is_personal
    assert hashed.is_personal
    assert not public.is_personal
    assert not must_hide((plain, public))
    assert must_hide((public, personal))
    for word in ("secret", "Confidential", "restricted", "PII"):
        assert Column("misc", TEXT, classification=word).is_personal
    for word in ("internal", "public", "none"):
        assert not Column("misc", TEXT, classification=word, looks_like="a secret").is_personal
