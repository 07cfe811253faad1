"""Published forms of keys, and the test of randomness for texts of no published form. Pure.

The forms are those of detect-secrets 1.5 (Yelp, Apache-2.0) and of GitLab's and GitHub's own lists of token prefixes. The
package itself is not a dependency: it had no release since 2024, imports an HTTP client, and keeps its settings in globals.
In each pattern the group `secret` is the part to hide; without that group it is the whole match.
"""

import math
import re
from collections import Counter
from itertools import pairwise

_VALUE = r"(?P<secret>[^\s\"'`,;()\[\]{}]{8,})"
_QUOTED = r"[\"'`](?P<secret>[^\"'`\n]{6,200})[\"'`]"
_OWNERS = "api|auth|service|account|access|db|database|priv|private|client|secret|signing|encryption"
_NAME = rf"(?:{_OWNERS})[_-]?(?:key|token)|pass(?:word|wd|phrase)|pwd|secret"  # what a variable with a secret is called
_CAPITALS = r"[A-Z0-9_]{0,60}(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PWD|PASS)"

# fmt: off
PUBLISHED: tuple[tuple[str, re.Pattern[str]], ...] = tuple((kind, re.compile(pattern)) for kind, pattern in (
    ("a private key", (
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
        r"(?:[A-Za-z0-9+/=\s\\]|(?:Proc-Type|DEK-Info|Version|Comment): [^\n]*)*(?:-----END[A-Z0-9 ]*-----)?"
    )),
    ("a private key", r"PuTTY-User-Key-File-[23][^\0]*"),
    ("a private key", r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b"),
    ("a key of AWS", r"\b(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a key of AWS", r"(?i:aws).{0,20}?(?i:key|pw|pass|token|secret).{0,20}?[\"' =:](?P<secret>[0-9a-zA-Z/+]{40})(?![\w/+])"),
    ("a key of Azure", r"(?:AccountKey|SharedAccessKey)=(?P<secret>[a-zA-Z0-9+/]{42,86}={0,2})"),
    ("a key of Google", r"\bAIza[0-9A-Za-z_-]{35}|\bGOCSPX-[\w-]{28}|\bya29\.[\w-]{20,}"),
    ("a token of GitHub", r"\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{22,}"),
    ("a token of GitLab", r"\b(?:gl(?:pat|dt|ft|soat|rt|cbt|imt|ptt|agent|oas)-|GR1348941)[A-Za-z0-9_-]{20,}"),
    ("a token of Hugging Face", r"\bhf_[A-Za-z0-9]{30,}"),
    ("a key of a model's API", r"\bsk-[A-Za-z0-9_-]{16,}|\b(?:gsk_|xai-|pplx-)[A-Za-z0-9]{40,}"),
    ("a token of a model hub", r"\br8_[A-Za-z0-9]{37,}|\bdapi[a-f0-9]{32}\b"),
    ("a token of a registry", r"\bnpm_[A-Za-z0-9]{36,}|\bpypi-[A-Za-z0-9_-]{70,}|\bdckr_pat_[\w-]{20,}"),
    ("a token of a registry", r"(?m:^|:)_auth(?:Token)?\s*=\s*(?P<secret>[^\s\"'${}]{8,})"),
    ("a key of Stripe", r"\b(?:[rs]k_(?:live|test)|whsec)_[0-9a-zA-Z]{16,}"),
    ("a token of Slack", r"\bxox[abposr]-[0-9A-Za-z-]{10,}|\bxapp-\d-[\w-]{20,}"),
    ("a webhook", r"https://hooks\.slack\.com/services/(?P<secret>T\w+/B\w+/\w+)"),
    ("a webhook", r"https://discord(?:app)?\.com/api/webhooks/(?P<secret>\d+/[\w-]+)"),
    ("a token of Discord", r"\b[MNO][a-zA-Z\d_-]{23,25}\.[a-zA-Z\d_-]{6}\.[a-zA-Z\d_-]{27,}"),
    ("a token of Telegram", r"\b\d{8,10}:AA[0-9A-Za-z_-]{33}\b"),
    ("a key of Twilio", r"\b(?:AC|SK)[a-f0-9]{32}\b"),
    ("a key of SendGrid", r"\bSG\.[\w-]{22}\.[\w-]{43}"),
    ("a key of Mailchimp", r"\b[0-9a-f]{32}-us[0-9]{1,2}\b"),
    ("a token of Square", r"\bsq0(?:csp|atp)-[0-9A-Za-z_-]{22,}"),
    ("a token of a cloud", r"\bdo[opr]_v1_[a-f0-9]{64}|\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}|\blin_api_[a-zA-Z0-9]{40}"),
    ("a token of a service", r"\btskey-\w+-\w{8,}-?\w*|\bnvapi-[\w-]{40,}|\bglsa_\w{32}_\w{8}"),
    ("a token of a service", r"\bfigd_[\w-]{20,}|\bATATT3[\w=-]{20,}"),
    ("a token of Vault", r"\bhv[sbr]\.[\w-]{24,}|\b[a-zA-Z0-9]{14}\.atlasv1\.[\w-]{60,}"),
    ("a signed token", r"\beyJ[A-Za-z0-9_=-]{10,}\.eyJ[A-Za-z0-9_=-]{10,}(?:\.[\w.+/=-]*)?"),
    ("a header of authorization", r"(?:\b(?:Bearer|Basic)|Authorization: token) (?P<secret>[A-Za-z0-9._~+/-]{16,}=*)"),
    ("a password in a URL", r"://[^\s:/@\"'<>{}]*:(?P<secret>[^\s/@\"'<>{}$*]{3,})@[\w\[]"),
))
_LOWER = rf"[a-z0-9_.-]{{0,40}}(?i:{_NAME})\w{{0,40}}"  # all lengths have a limit, so that a search takes linear time
ASSIGNED = (
    re.compile(rf"(?i:{_NAME})\w{{0,40}}[\"']?\]?\s{{0,9}}(?::=|[:=]|=>)\s{{0,9}}{_QUOTED}"),
    re.compile(
        rf"(?m:^)[ \t]*+(?:export[ \t]++)?(?:{_CAPITALS}|{_LOWER})[ \t]{{0,9}}[=:][ \t]{{0,9}}{_VALUE}[ \t\r]*(?m:$)"
    ),
)
# fmt: on
WORD = re.compile(r"(?<![\w+/-])[A-Za-z0-9+/_-]{24,128}={0,2}(?![\w+/-])")
MIN_ENTROPY = 4.0  # bits a character; detect-secrets takes 4.5 at any length, which 24 characters seldom reach
DIGIT_GROUPS = 3  # a name with a version and a date has two
_DIGITS = re.compile(r"\d+")
_PLACEHOLDER = re.compile(
    r"""
    [<{\[($%].* | .*(\$\{|\{\{|%\(|\(\)|\(["']).* | (os|self|cfg|config|args|env|settings|process)[.\[].*  # filled in elsewhere
    | .*(your|example|sample|dummy|fake|placeholder|change[-_]?me|replace|redacted|secret[-_]?here|todo|password|test).*
    | (?P<one>.)(?P=one)* | (x|\*|\.|-|_)+ | (none|null|true|false|undefined|string|str|bytes|optional)\b.*
    """,
    re.IGNORECASE | re.VERBOSE,
)


def is_password(value: str) -> bool:
    """Whether an assigned value can be a real password: no placeholder, no word, no number."""
    if _PLACEHOLDER.fullmatch(value) or " " in value:
        return False
    has_mark = any(not character.isalpha() and character not in "_-." for character in value)
    return has_mark and not re.fullmatch(r"[-+\d.,eE_x]+", value)


def is_random(text: str) -> bool:
    """Whether a word looks drawn at random: letters of both cases, scattered digits, high entropy, no alphabet."""
    kinds = [_kind(character) for character in text]
    is_path = "/" in text and any(part.islower() for part in text.split("/") if len(part) > 2)
    if not {"A", "a"} <= set(kinds) or len(_DIGITS.findall(text)) < DIGIT_GROUPS or is_path or text.startswith("_Z"):
        return False  # _Z: a mangled name of C++
    steps = sum(ord(after) - ord(before) == 1 for before, after in pairwise(text))
    turns = sum(before != after for before, after in pairwise(kinds))
    return steps < len(text) / 4 and turns > len(text) / 4 and entropy(text) >= MIN_ENTROPY


def entropy(text: str) -> float:
    """Shannon's entropy of the characters, in bits a character."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def _kind(character: str) -> str:
    return "A" if character.isupper() else "a" if character.islower() else "0" if character.isdigit() else "-"
