"""Run a Typer command line: an error that the person can correct is one sentence after `error: `, with exit code 2."""

from collections.abc import Sequence

import typer

from journal.console.entry import BAD_INPUT, INTERRUPTED, print_error, print_system_error


def run_app(
    app: typer.Typer, arguments: Sequence[str] | None = None, *, name: str, errors: tuple[type[Exception], ...]
) -> int:
    """The exit code: 0 done, 1 negative, 2 bad input, 130 interrupted. The messages of `errors` are for the person."""
    try:
        return int(app(arguments, prog_name=name, standalone_mode=False) or 0)
    except typer.Abort:
        return INTERRUPTED
    except typer.TyperException as error:
        return _print_usage_error(error)
    except errors as error:
        return print_error(str(error))
    except BrokenPipeError:
        raise
    except OSError as error:
        return print_system_error(error)
    except (RecursionError, MemoryError) as error:
        return print_error(f"The data is nested too deeply or is too large to read ({type(error).__name__}).")


def _print_usage_error(error: typer.TyperException) -> int:
    """An error in the command line; if it has no message, Typer has printed the help."""
    message = " ".join(error.format_message().split())
    context = getattr(error, "ctx", None)
    if not message:
        return BAD_INPUT
    return print_error(f"{message.removesuffix('.')} (see `{context.command_path} --help`)." if context else message)
