"""The programs that a shell line starts, as far as its text tells for certain."""

import re
import shlex
import shutil
from collections.abc import Iterator

OPERATORS = frozenset({";", "&", "&&", "|", "||", "|&", ";&"})
KEYWORDS = frozenset(
    {"if", "for", "while", "until", "case", "select", "function", "{", "(", "!", "[["}
)  # whose words are no commands
BUILTINS = frozenset({
    ".", ":", "[", "alias", "bg", "break", "cd", "command", "continue", "echo", "eval", "exec", "exit", "export", "false",
    "fg", "getopts", "hash", "jobs", "kill", "local", "printf", "pwd", "read", "readonly", "return", "set", "shift",
    "source", "test", "time", "times", "trap", "true", "type", "ulimit", "umask", "unalias", "unset", "wait",
})  # fmt: skip
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_PLAIN = re.compile(r"[\w@%+:,./-]+")  # a word that the shell does not change


def missing_shell_program(line: str, *, path: str) -> str | None:
    """The first program of a shell line that is not on the search path; None if all are, or nobody can tell."""
    return next((name for name in _programs(line) if "/" not in name and not shutil.which(name, path=path)), None)


def _programs(line: str) -> Iterator[str]:
    """The first word of each simple command, up to a word whose commands are not simple."""
    found = words(line)
    if "||" in found:  # the line has another way if a program is missing
        return
    is_first = True
    for word in found:
        if word in OPERATORS:
            is_first = True
        elif is_first and not _ASSIGNMENT.match(word):
            if word in KEYWORDS or not _PLAIN.fullmatch(word):
                return
            if word not in BUILTINS:
                yield word
            is_first = False


def words(line: str) -> list[str]:
    """The words and operators of a shell line; none if a quote does not close."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError:
        return []
