"""A Typer command line, run to its end: what a person can mend is one sentence behind `error: ` and exit code 2."""

from collections.abc import Sequence

import typer

from journal.console.entry import BAD, INTERRUPTED, refuse


def run(
    app: typer.Typer, arguments: Sequence[str] | None = None, *, name: str, mendable: tuple[type[Exception], ...]
) -> int:
    """The exit code: 0 done, 1 not so, 2 bad input, 130 interrupted. `mendable` exceptions are sentences for the person."""
    try:
        return int(app(arguments, prog_name=name, standalone_mode=False) or 0)
    except typer.Abort:
        return INTERRUPTED
    except typer.TyperException as error:
        return _refused(error)
    except mendable as error:
        return refuse(str(error))
    except BrokenPipeError:
        raise
    except OSError as error:
        return refuse(f"{error.filename or 'the system'}: {error.strerror or error}: mend that, then try again.")


def _refused(error: typer.TyperException) -> int:
    """Words that no command takes; a command line without any has had its help printed by Typer."""
    words = " ".join(error.format_message().split())
    context = getattr(error, "ctx", None)
    if not words:
        return BAD
    return refuse(f"{words.removesuffix('.')} (see `{context.command_path} --help`)." if context else words)
