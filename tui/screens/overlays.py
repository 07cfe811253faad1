"""What lies over a screen for a moment: the line being written and its list, the question to confirm, the help page. Pure."""

from collections.abc import Iterator

from tui.state.keys import CONFIRM, Key, available
from tui.state.line_editor import TITLES, completions
from tui.state.palette import PaletteEntry, commands, matching, queries
from tui.state.ui import InputLine, Scene, Ui
from tui.terminal.formatting import clip, pad, sanitize
from tui.terminal.frame import Frame

LISTED = 10  # lines of a list
ANSWERS = f"  {CONFIRM}: do it, else no "  # always in sight, whatever the question's length


def paint(frame: Frame, scene: Scene) -> None:
    """The one overlay there is, if any."""
    ui = scene.ui
    if ui.help:
        _paint_help(frame, ui)
    if ui.prompt is not None:
        _paint_prompt(frame, ui, ui.prompt)
    if ui.confirm is not None:
        y = frame.height - 1
        frame.clear(y)
        frame.put(0, y, pad(f" {sanitize(ui.confirm.words)}", frame.width - len(ANSWERS)) + ANSWERS, "banner")


def _paint_prompt(frame: Frame, ui: Ui, prompt: InputLine) -> None:
    y = frame.height - 1
    if prompt.kind in {"palette", "saved"}:
        entries = commands(ui) if prompt.kind == "palette" else queries(ui)
        title = "commands" if prompt.kind == "palette" else "saved queries"
        _paint_list(frame, y, matching(prompt.text, entries), title=title, chosen=prompt.chosen)
    elif prompt.kind == "sql" and (found := completions(prompt)):
        frame.clear(y - 1)
        frame.put(1, y - 1, clip("tab: " + "  ".join(found[:12]), frame.width - 2), "dim")
    _paint_line(frame, y, prompt)


def _paint_line(frame: Frame, y: int, prompt: InputLine) -> None:
    """The line, scrolled so that the caret is in sight; the caret is a reversed cell that does not blink."""
    frame.clear(y)
    x = frame.put(0, y, f" {TITLES[prompt.kind]} ", "prompt")
    room = frame.width - x - 1
    first = max(0, prompt.caret - room + 1)
    shown = prompt.text[first:]
    frame.put(x, y, shown)
    caret = frame.put(x, y, shown[: prompt.caret - first])
    frame.mark(y, "cursor", x=caret, width=1)


def _paint_list(frame: Frame, bottom: int, entries: list[PaletteEntry], *, title: str, chosen: int) -> None:
    chosen = min(chosen, max(0, len(entries) - 1))
    height = min(LISTED, bottom - 3)
    top = max(0, min(chosen - height // 2, len(entries) - height))
    shown = entries[top : top + height]
    y = bottom - len(shown) - 1
    frame.clear(y, height=len(shown) + 1)
    frame.rule(y, title if shown else "nothing of that name")
    for row, entry in enumerate(shown, start=y + 1):
        x = frame.put(1, row, pad(entry.title, 22), "strong")
        frame.put(x + 1, row, clip(sanitize(entry.words), frame.width - x - 2), "dim")
        if row == y + 1 + chosen - top:
            frame.mark(row, "cursor")


def help_lines(ui: Ui) -> Iterator[tuple[str, str, str]]:
    """The help page: (keys, words, role), from the one table."""
    yield "", f"keys on the {ui.screen} screen", "title"
    seen: set[str] = set()
    for key in available(ui.screen, readonly=ui.look.readonly, replaying=ui.replay is not None):
        if key.action not in seen:
            seen.add(key.action)
            yield _shown(key, ui), key.help + (f" (then {CONFIRM})" if key.control else ""), ""


def _shown(key: Key, ui: Ui) -> str:
    same = [
        one.shown
        for one in available(ui.screen, readonly=ui.look.readonly, replaying=ui.replay is not None)
        if one.action == key.action
    ]
    return " ".join(dict.fromkeys(same))


def _paint_help(frame: Frame, ui: Ui) -> None:
    lines = list(help_lines(ui))
    height = frame.height - 2
    top = max(0, min(ui.line, len(lines) - height + 1))
    frame.clear(1, height=height + 1)
    for y, (shown, words, role) in enumerate(lines[top : top + height], start=1):
        frame.put(2, y, shown, "key")
        frame.put(16, y, clip(words, frame.width - 17), role)
    more = f"; j k for the other {len(lines) - height}" if len(lines) > height else ""
    frame.put(2, frame.height - 1, f"any other key closes this{more}", "dim")
