"""Where cards, accounts, addresses, telephone numbers and keys stand in a text. Pure, and linear in its length."""

import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator

import re2

Span = tuple[int, int]  # from the first character to behind the last

CARD_LENGTHS = range(13, 20)  # digits (ISO/IEC 7812-1 and what is in use)
CARD_FIRST = "23456"  # digits with which the numbers of payment cards begin
COUNTRIES = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29
ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20
LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29
PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20
YE30
"""
IBAN_LENGTHS = {each[:2]: int(each[2:]) for each in COUNTRIES.split()}  # characters (ISO 13616, the registry)

DIGITS = re2.compile(r"\p{Nd}+")
GAPS = frozenset(" -.\u00a0\u2009\u202f\u2010\u2011\u2013")  # what people write between groups of digits
WIDEST_GAP = 2
IBAN_HEAD = re2.compile(r"(?i)[a-z]{2}[0-9]{2}")
EMAIL = re2.compile(r"[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*\.\p{L}{2,}")
PHONE = re2.compile(
    r"(?:\+|\b00)[1-9](?:[ ()./\x{a0}-]{0,3}[0-9]){6,14}"  # +44 (0)20 7946 0958
    r"|(?:\([2-9][0-9]{2}\) ?|\b[2-9][0-9]{2}[ .-])[0-9]{3}[ .-][0-9]{4}\b"  # (555) 123-4567
    r"|(?:\(0|\b0)[1-9](?:[ ()/-]{0,2}[0-9]){7,10}\b"  # 030 1234 5678
)
KEY = re2.compile(
    r"\b(?:sk|gsk|rk|pk)[-_][A-Za-z0-9_-]{16,}"  # OpenAI, Anthropic, Groq, Stripe
    r"|\b(?:gh[oprsu]|hf|npm|shp(?:at|ss|ca|pa)|dop_v1|xai|nvapi|r8|pplx)[_-][A-Za-z0-9_-]{20,}"
    r"|\bgithub_pat_[A-Za-z0-9_]{20,}|\bgl(?:pat|ptt|dt|rt)-[A-Za-z0-9_-]{16,}"
    r"|\bxox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}|\bxapp-[A-Za-z0-9-]{10,}"  # Slack
    r"|https://hooks\.[a-z.]+/[A-Za-z0-9/_-]{20,}|https://[a-z.]+/api/webhooks/[A-Za-z0-9/_-]{20,}"  # of chats
    r"|\b[MNO][A-Za-z0-9_-]{22,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}"  # a Discord bot's token
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[A-Za-z0-9_-]{35}|\bya29\.[A-Za-z0-9_-]{20,}"  # AWS, Google
    r"|\bpypi-[A-Za-z0-9_-]{20,}|\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|\bSK[0-9a-f]{32}\b"
    r"|\bAGE-SECRET-KEY-1[A-Z0-9]{20,}|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"  # age, a JWT
)
PEM_BEGIN = re2.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----")
PEM_END = re2.compile(r"-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----")
PEM_LINES = re2.compile(r"(?:\s+[A-Za-z0-9+/=]{16,})*(?:\s+[A-Za-z0-9+/]+=)?")  # of a key that is cut off
DATE = re2.compile(r"[0-9]{2}[/-][0-9]{2}[/-](?:19|20)[0-9]{2}\b")  # what follows may be a time


def find_cards(text: str) -> Iterator[Span]:
    """Yield the numbers whose last digit is right by Luhn (ISO/IEC 7812-1), in groups as on the card or without."""
    groups = [match.span() for match in DIGITS.finditer(text)]
    behind = 0
    for place, (start, _) in enumerate(groups):
        if start >= behind and (end := _end_of_card(text, groups[place : place + max(CARD_LENGTHS)])):
            behind = end
            yield start, end


def find_ibans(text: str) -> Iterator[Span]:
    """Yield account numbers of their country's length whose check digits are right (ISO 13616, modulo 97)."""
    for head in IBAN_HEAD.finditer(text):
        start = head.start()
        length = IBAN_LENGTHS.get(text[start : start + 2].upper())
        if length and not text[start - 1 : start].isalnum() and (end := _end_of_iban(text, start, length)):
            yield start, end


def find_emails(text: str) -> Iterator[Span]:
    """Yield mail addresses."""
    return (match.span() for match in EMAIL.finditer(text))


def find_phones(text: str) -> Iterator[Span]:
    """Yield telephone numbers: with a country's code, with a leading zero, or as in North America; no dates."""
    return (match.span() for match in PHONE.finditer(text) if not DATE.match(match.group()))


def find_keys(text: str) -> Iterator[Span]:
    """Yield keys and tokens of well-known services, JSON Web Tokens, and private keys in PEM."""
    yield from (match.span() for match in KEY.finditer(text))
    yield from _find_private_keys(text)


def _find_private_keys(text: str) -> Iterator[Span]:
    """Yield private keys in PEM; of one that is cut off, as much as there is of its lines."""
    ends = [match.end() for match in PEM_END.finditer(text)]
    behind = 0
    for begin in PEM_BEGIN.finditer(text):
        if begin.start() < behind:
            continue
        place = bisect_right(ends, begin.end())
        if place < len(ends):
            behind = ends[place]
        else:
            lines = PEM_LINES.match(text, begin.end())
            behind = lines.end() if lines else begin.end()
        yield begin.start(), behind


SHAPES: dict[str, tuple[str, Callable[[str], Iterator[Span]]]] = {
    "cards": ("CARD", find_cards),
    "iban": ("IBAN", find_ibans),
    "email": ("EMAIL", find_emails),
    "phone": ("PHONE", find_phones),
    "keys": ("KEY", find_keys),
}  # what can be hidden, by its name in the settings: what stands in its place, and where it is


def _end_of_card(text: str, groups: list[Span]) -> int:
    """Return where the longest card number ends that begins with the first of these groups, 0 where none does."""
    digits, found, last = "", 0, groups[0][0]
    for start, end in groups:
        if start - last > WIDEST_GAP or not GAPS.issuperset(text[last:start]) or len(digits) > max(CARD_LENGTHS):
            break
        digits += "".join(str(unicodedata.digit(digit)) for digit in text[start : min(end, start + 20)])
        last = end
        if len(digits) in CARD_LENGTHS and digits[0] in CARD_FIRST and _is_luhn(digits):
            found = end
    return found


def _is_luhn(digits: str) -> bool:
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _end_of_iban(text: str, start: int, length: int) -> int:
    """Return where the account number ends, 0 where there is none; groups have one character between them."""
    number, place = "", start
    while place < len(text) and len(number) < length:
        letter = text[place]
        if letter.isascii() and letter.isalnum():
            number += letter.upper()
        elif letter not in GAPS or text[place - 1] in GAPS:
            return 0
        place += 1
    if len(number) < length or text[place : place + 1].isalnum():
        return 0
    return place if int("".join(str(int(each, 36)) for each in number[4:] + number[:4])) % 97 == 1 else 0
