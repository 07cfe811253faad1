"""Lists that are searched by typing: commands, and saved queries. Pure."""

from msgspec import Struct

from tui.state.keys import available
from tui.state.ui import Ui

BUILT_IN = {
    "leaderboard": """
        SELECT number, metric, delta, gain_sigma, idea FROM experiments WHERE status = 'keep' ORDER BY metric LIMIT 50""",
    "by kind": """
        SELECT kind, count(*) AS tried, sum(status = 'keep') AS kept, min(delta) AS best_delta
        FROM experiments GROUP BY kind ORDER BY kept DESC""",
    "knobs": """
        SELECT knob, count(*) AS tried, sum(status = 'keep') AS kept, max(gain_sigma) AS best_gain
        FROM knobs GROUP BY knob ORDER BY tried DESC""",
    "crashes": """
        SELECT failure, signature, count(*) AS times FROM runs WHERE status = 'failed'
        GROUP BY failure, signature ORDER BY times DESC""",
    "spend": "SELECT proposer, model, proposals, failures, tokens_in, tokens_out, dollars FROM spend",
    "refusals": "SELECT rule, count(*) AS times FROM refusals GROUP BY rule ORDER BY times DESC",
    "slowest": "SELECT experiment, run, wall_seconds, status FROM runs ORDER BY wall_seconds DESC LIMIT 20",
    "events": "SELECT type, count(*) AS times FROM events GROUP BY type ORDER BY times DESC",
}


class PaletteEntry(Struct, frozen=True):
    """A line of the list: what is shown, what is said about it, and what it stands for."""

    title: str
    words: str
    value: str


def commands(ui: Ui) -> list[PaletteEntry]:
    """Every action that works on this screen."""
    keys = available(ui.screen, readonly=ui.look.readonly, replaying=ui.replay is not None)
    entries = {key.action: PaletteEntry(key.action, f"{key.help} ({key.shown})", key.action) for key in keys}
    entries.pop("palette", None)
    return list(entries.values())


def queries(ui: Ui) -> list[PaletteEntry]:
    """Saved queries, one's own first."""
    return [PaletteEntry(name, query, query) for name, query in (*ui.sql.saved, *_built_in())]


def _built_in() -> list[tuple[str, str]]:
    return [(name, " ".join(query.split())) for name, query in BUILT_IN.items()]


def matching(text: str, entries: list[PaletteEntry]) -> list[PaletteEntry]:
    """Entries that hold the letters in order; those that begin with them, then those that contain them, first."""
    wanted = text.lower().strip()
    ranked = [(_rank(wanted, entry.title.lower()), place) for place, entry in enumerate(entries)]
    return [entries[place] for rank, place in sorted(ranked) if rank < 3]


def _rank(wanted: str, title: str) -> int:
    if title.startswith(wanted):
        return 0
    if wanted in title:
        return 1
    letters = iter(title)
    return 2 if all(letter in letters for letter in wanted if letter != " ") else 3
