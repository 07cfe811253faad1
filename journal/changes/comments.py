"""A text without its comments, by the rules of its language, which the file's name tells; other texts keep every word. Pure.

`#define N 6`, `#[inline]` and a heading of Markdown begin like a comment of Python and are none.
"""

import re
from collections.abc import Iterator

from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_for_filename
from pygments.token import Comment, String, Text, Token, _TokenType

# Comments that a compiler obeys: of Go, Fortran with OpenMP, SQL.
_DIRECTIVE = re.compile(r"//go:|// ?\+build|[!cC]\$|!dir\$|!dec\$|/\*\+|--\+", re.IGNORECASE)
_CODE = (Comment.Preproc, Comment.PreprocFile, Comment.Hashbang)
_BLANKS = re.compile(r"[ \t]+")


def code_lines(path: str, text: str) -> list[str]:
    """The lines that hold code, without comments and repeated blanks; indentation stays, as it is structure in YAML."""
    lines = "".join(_code(path, text)).split("\n")
    return [line.rstrip() for line in lines if line.strip()]


def _code(path: str, text: str) -> Iterator[str]:
    """The parts of a text that are no comments, with one blank for several within a line."""
    is_indentation = True
    for kind, value in _tokens(path, text.replace("\r\n", "\n")):
        if kind in Comment and kind not in _CODE and not _DIRECTIVE.match(value):
            part = "\n" if value.endswith("\n") else "" if is_indentation else " "
        elif kind in String:
            part = value
        else:
            part = _single_blanks(value, is_indentation=is_indentation)
        yield part
        is_indentation = (
            is_indentation and not part.strip() if "\n" not in part else not part.rpartition("\n")[2].strip()
        )


def _single_blanks(value: str, *, is_indentation: bool) -> str:
    lines = value.split("\n")
    first = lines[0] if is_indentation else _BLANKS.sub(" ", lines[0])
    return (
        "\n".join([first, *lines[1:]]) if not value.strip() else "\n".join(_line(line) for line in [first, *lines[1:]])
    )


def _line(line: str) -> str:
    rest = line.lstrip(" \t")
    return line[: len(line) - len(rest)] + _BLANKS.sub(" ", rest)


def _tokens(path: str, text: str) -> Iterator[tuple[_TokenType, str]]:
    lexer = _lexer(path)
    if lexer is None:
        yield Text, text
        return
    for kind, value in lexer.get_tokens(text):
        yield (kind if kind in Token else Text), value


def _lexer(path: str) -> Lexer | None:
    found = find_lexer_class_for_filename(path.rpartition("/")[2])
    return found(stripnl=False, ensurenl=False) if found else None
