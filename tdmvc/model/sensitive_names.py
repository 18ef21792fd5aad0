"""What the name of a column suggests that its values are: a secret, or data about a person."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise

import pyarrow as pa

_SECRET, _CARD, _ID = "a secret", "a card or account number", "an identity number"
_MAIL, _PHONE, _NAME = "an e-mail address", "a phone number", "a person's name"
_ADDRESS, _BIRTH = "a postal address", "a date of birth"

_WORDS: Mapping[str, str] = {
    _SECRET: """
        password passwords passwd passphrase passcode pwd secret secrets token tokens otp totp jwt credential
        credentials apikey apitoken accesstoken authtoken refreshtoken accesskey secretkey privatekey bearer
        passwort kennwort geheimnis motdepasse mdp jeton contrasena contrasenia senha parola wachtwoord haslo losenord
        adgangskode passord salasana heslo jelszo sifre пароль
    """,
    _CARD: """
        iban creditcard cardnumber kreditkarte kreditkartennummer kontonummer bankverbindung accountnumber
        bankaccount rekeningnummer cvv cvc
    """,
    _ID: """
        ssn nino passport passportnumber taxid steuernummer steuerid sozialversicherungsnummer ausweisnummer
        reisepassnummer numerosecu dni nie curp cedula pasaporte cpf codicefiscale bsn pesel personnummer
        personnumber fodselsnummer cpr tckimlik aadhaar паспорт снилс инн
    """,
    _MAIL: "email emails mail mails emailaddress emailaddresses mailaddress courriel correo e-mail почта",
    _PHONE: """
        phone phones phonenumber telephone telephonenumber cellphone mobilephone mobilenumber fax faxnumber telefon
        telefonnummer handynummer mobilnummer rufnummer telefone telefono celular cellulare telefoon
        telefoonnummer telefonnumer puhelin msisdn телефон
    """,
    _NAME: """
        firstname lastname fullname middlename surname forename givenname familyname maidenname vorname nachname
        familienname geburtsname prenom apellido apellidos sobrenome cognome voornaam achternaam imie nazwisko
        fornamn efternamn fornavn etternavn etunimi sukunimi jmeno prijmeni soyad soyadi фамилия отчество
    """,
    _ADDRESS: """
        address addresses street streetaddress postaladdress homeaddress anschrift adresse adressen strasse
        wohnort direccion domicilio endereco indirizzo adres straat ulica adress адрес улица
    """,
    _BIRTH: """
        birth birthday birthdate birthplace dob dateofbirth geburtsdatum geburtstag geburtsort naissance
        nacimiento nascimento nascita geboortedatum urodzenia fodelsedatum fodselsdato
    """,
}
"""Words, each of which suggests it alone; in lower case, without accents."""
_PHRASES: Mapping[str, str] = {
    _SECRET: """
        api key,secret key,private key,access key,encryption key,signing key,session key,session data,auth key,
        license key,recovery code,recovery codes,backup code,backup codes,pin hash,mot passe,security answer,
        connection string,cle api,chave api,pass hash,pw hash
    """,
    _CARD: """
        card number,account number,bank account,credit card,card pan,pin code,security code,numero carte,
        numero tarjeta,kreditkarten nr
    """,
    _ID: """
        social security,tax id,national id,national number,identity number,identity card,passport number,
        license plate,driver license,drivers license,personal number,securite sociale,codice fiscale,codigo fiscal,
        rodne cislo,tc kimlik,steuer id,ausweis nr,nhs number,medicare number
    """,
    _MAIL: "e mail,correo electronico",
    _PHONE: "mobile number,mobile phone,cell number,tel number,tel nr,numero telephone",
    _NAME: "first name,last name,full name,middle name,maiden name,given name,family name,legal name,nom famille",
    _ADDRESS: "address line,street name",
    _BIRTH: "date birth",
}
"""Two words in a row that suggest it only together."""
_PARTS: Mapping[str, str] = {
    _SECRET: "密码 密碼 口令 令牌 密钥 パスワード 暗証番号 비밀번호 암호",
    _ID: "身份证 身分證 护照 マイナンバー 주민등록번호 여권번호",
    _MAIL: "邮箱 邮件地址 電子郵件 メールアドレス 이메일",
    _PHONE: "手机号 手机 电话 電話 전화번호 휴대폰",
    _NAME: "姓名 氏名 성명",
    _ADDRESS: "住址 地址 住所 주소",
    _BIRTH: "出生 生年月日 생년월일",
}
"""Parts of names in scripts that do not separate words."""
_ENDS = {"password": _SECRET, "passwd": _SECRET, "passwort": _SECRET, "apikey": _SECRET, "email": _MAIL}
"""Ends of words that are written together: `userpassword`."""
_STARTS = {"password": _SECRET, "passwort": _SECRET, "apikey": _SECRET}

_ABOUT = frozenset(
    {
        *(
            "type",
            "kind",
            "status",
            "state",
            "template",
            "subject",
            "format",
            "provider",
            "label",
            "category",
        ),
        *(
            "count",
            "file",
            "filename",
            "language",
            "enabled",
            "verified",
            "valid",
            "required",
            "length",
            "policy",
        ),
        *("expiry", "expires", "expired", "changed", "updated", "created", "sent", "scope", "scopes", "url"),
        *(
            "algorithm",
            "symbol",
            "version",
            "prefix",
            "limit",
            "usage",
            "at",
            "on",
            "confirmed",
            "class",
            "role",
        ),
    }
)
"""Last words of names that say something about the data, and do not hold it: `email_template`."""
_REFERS = frozenset({"id", "ids", "name"})
"""Last words of names that refer to the thing: `email_id`."""
_THINGS = frozenset(
    {
        *("ip", "mac", "network", "bind", "host", "web", "server", "memory", "contract", "wallet", "listen"),
        *("gateway", "device", "interface", "nat", "base", "start", "end"),
    }
)
"""Words before `address` with which it is not a postal one."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BETWEEN = re.compile(r"[\W_\d]+")
_SMALL_WORDS = frozenset({"of", "de", "da", "di", "du", "del", "la", "le"})


def split_name(name: str) -> tuple[str, ...]:
    """Return the words of a snake, camel or kebab case name in lower case, without digits and accents."""
    words = _BETWEEN.split(_HUMP.sub(" ", _plain(name)).casefold())
    return tuple(word for word in words if word)


def says_about(name: str) -> bool:
    """Return whether a name says something about data, which the column does not hold itself: `email_template`."""
    words = split_name(name)
    return bool(words) and (words[-1] in _ABOUT or words[-1] in _REFERS)


def kind_by_name(name: str, type_: pa.DataType) -> str | None:
    """Return what the name and type of a column suggest that it holds (`an e-mail address`), or None.

    Names in a dozen languages are known. The fields of a struct count as columns.
    """
    return next((kind for kind in _kinds(name, type_) if kind is not None), None)


def _kinds(name: str, type_: pa.DataType) -> Iterator[str | None]:
    if pa.types.is_list(type_):
        yield from _kinds(name, type_.value_type)
    elif pa.types.is_struct(type_):
        yield _fitting(_kind_of(name), is_text=True, is_moment=False)
        for index in range(type_.num_fields):
            yield from _kinds(type_.field(index).name, type_.field(index).type)
    else:
        is_text = bool(pa.types.is_string(type_) or pa.types.is_binary(type_))
        is_moment = bool(pa.types.is_date(type_) or pa.types.is_timestamp(type_))
        if is_text or is_moment:
            yield _fitting(_kind_of(name), is_text=is_text, is_moment=is_moment)
        elif pa.types.is_integer(type_) or pa.types.is_decimal(type_):
            # A CSV file's phone numbers may become integers.
            kind = _kind_of(name)
            yield kind if kind in (_CARD, _ID, _PHONE) else None


def _fitting(kind: str | None, *, is_text: bool, is_moment: bool) -> str | None:
    return kind if is_text or (is_moment and kind == _BIRTH) else None


@lru_cache(maxsize=4096)
def _kind_of(name: str) -> str | None:
    words = tuple(word for word in split_name(name) if word not in _SMALL_WORDS)
    folded = _plain(name).casefold()
    for kind, parts in _BY_PART:
        if any(part in folded for part in parts):
            return kind
    last = words[-1] if words else ""
    if last in _ABOUT:
        return None
    for pair in pairwise(words):
        if pair in _BY_PHRASE:
            return _BY_PHRASE[pair]
    if last in _REFERS:
        # An identity number may end in `id`, and a person's name in `name`.
        return next((_BY_WORD[word] for word in words if _BY_WORD.get(word) in (_ID, _NAME)), None)
    for place, word in enumerate(words):
        found = _BY_WORD.get(word) or _by_end(word)
        if found == _ADDRESS and place and words[place - 1] in _THINGS:
            continue
        if found is not None:
            return found
    return None


def _by_end(word: str) -> str | None:
    return next(
        (kind for end, kind in _ENDS.items() if word.endswith(end)),
        next((kind for start, kind in _STARTS.items() if word.startswith(start)), None),
    )


def _plain(text: str) -> str:
    """Return the text without accents, in composed form."""
    if text.isascii():
        return text
    letters = unicodedata.normalize("NFKD", text).translate({ord("ø"): "o", ord("Ø"): "O", ord("ł"): "l"})
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", bare)


_BY_WORD = {_plain(word).casefold(): kind for kind, words in _WORDS.items() for word in words.split()}
_BY_PHRASE = {
    tuple(phrase.split()): kind
    for kind, phrases in _PHRASES.items()
    for phrase in phrases.replace("\n", " ").split(",")
    if phrase.strip()
}
_BY_PART = [(kind, [_plain(part).casefold() for part in parts.split()]) for kind, parts in _PARTS.items()]
