"""Scripts by which a shell completes `ar-tui`, made from its own command line."""

import argparse
from collections.abc import Iterator

SHELLS = ("bash", "zsh", "fish")


def script(arguments: argparse.ArgumentParser, shell: str) -> str:
    """What a shell has to read."""
    command = arguments.prog
    lines = {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell]
    return "\n".join(lines(command, list(_options(arguments)))) + "\n"


def _options(arguments: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    return (action for action in arguments._actions if action.option_strings)  # noqa: SLF001 - told nowhere else


def _bash(command: str, options: list[argparse.Action]) -> Iterator[str]:
    yield f"_{command.replace('-', '_')}() {{"
    yield '  local now="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}"'
    yield '  case "$before" in'
    for option in options:
        if option.choices:
            yield f'    {option.option_strings[-1]}) COMPREPLY=($(compgen -W "{_choices(option)}" -- "$now")); return ;;'
    yield "  esac"
    words = " ".join(word for option in options for word in option.option_strings if word.startswith("--"))
    yield f'  [[ "$now" == -* ]] && COMPREPLY=($(compgen -W "{words}" -- "$now")) || COMPREPLY=($(compgen -f -- "$now"))'
    yield "}"
    yield f"complete -o filenames -F _{command.replace('-', '_')} {command}"


def _zsh(command: str, options: list[argparse.Action]) -> Iterator[str]:
    yield f"#compdef {command}"
    yield "_arguments \\"
    for option in options:
        taken = f":value:({_choices(option)})" if option.choices else ":value:_files" if option.nargs != 0 else ""
        yield f"  '{option.option_strings[-1]}[{_plain(option)}]{taken}' \\"
    yield "  && return 0"


def _fish(command: str, options: list[argparse.Action]) -> Iterator[str]:
    for option in options:
        taken = f" -x -a '{_choices(option)}'" if option.choices else " -r" if option.nargs != 0 else ""
        yield f"complete -c {command} -l {option.option_strings[-1].lstrip('-')}{taken} -d '{_plain(option)}'"


def _choices(option: argparse.Action) -> str:
    return " ".join(map(str, option.choices or ()))


def _plain(option: argparse.Action) -> str:
    """The help without what a shell would read as its own."""
    return "".join(char for char in option.help or "" if char not in "'[]:\\")
