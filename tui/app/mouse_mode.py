"""Switches the mouse while the program runs; Textual itself only does so at its start and its end."""

from typing import Any


def switch_mouse(driver: Any, *, is_on: bool) -> None:
    """Take the mouse from the terminal, or give it back. A driver that has no terminal has no mouse either."""
    if getattr(driver, "_mouse", is_on) == is_on:
        return
    driver._mouse = True  # noqa: SLF001 - without it, the driver leaves the terminal's modes alone
    if is_on:
        driver._enable_mouse_support()  # noqa: SLF001
    else:
        driver._disable_mouse_support()  # noqa: SLF001
    driver._mouse = is_on  # noqa: SLF001
