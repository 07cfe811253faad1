"""The lists that the user searches by typing: what `:` finds, saved queries, directions, and open requests. Pure."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from journal.events import DirectionAdded, RequestWithdrawn
from journal.query.saved import SAVED
from tui.state.keys import available
from tui.state.ui import Scene
from tui.terminal.formatting import STATUS_SIGN, number
from tui.terminal.themes import THEMES

MAX_IDEAS = 20  # experiments that the words of an idea find
MIN_IDEA = 3  # characters, from which ideas are searched


class ListEntry(Struct, frozen=True):
    """A line of a list: its title, its description, what it is, and the value that it stands for."""

    title: str
    description: str
    kind: str  # action, experiment, query, theme, direction, request
    value: str


def entries(scene: Scene, *, kind: str, text: str) -> Sequence[ListEntry]:
    """The entries of a list that the text finds, the best first."""
    match kind:
        case "palette":
            return find(scene, text)
        case "saved":
            return search(text, queries(scene))
        case "withdraw":
            return search(text, directions(scene))
        case _:
            return search(text, requests(scene))


def find(scene: Scene, text: str) -> Sequence[ListEntry]:
    """What `:` finds: an experiment by #number, the best one, a command, a query, a theme, then experiments by their ideas."""
    wanted = text.strip()
    if wanted.startswith("#"):
        return _by_number(scene, wanted[1:])
    named = [*_best(scene), *commands(scene), *queries(scene), *_themes()]
    return [*search(wanted, named), *_by_idea(scene, wanted)]


def commands(scene: Scene) -> list[ListEntry]:
    """Every action of this screen."""
    ui = scene.ui
    keys = available(ui.screen, is_readonly=ui.display.is_readonly, is_replay=ui.replay is not None)
    found = {key.action: ListEntry(key.action, f"{key.help} ({key.shown})", "action", key.action) for key in keys}
    found.pop("palette", None)
    return list(found.values())


def queries(scene: Scene) -> list[ListEntry]:
    """The user's own saved queries, then those of `ar-journal sql @NAME`, as questions."""
    own = [ListEntry(name, sql, "query", sql) for name, sql in scene.ui.sql.saved]
    built_in = [
        ListEntry(query.question, f"@{query.name} {' '.join(query.parameters)}".strip(), "query", f"@{query.name}")
        for query in SAVED.values()
    ]
    return [*own, *built_in]


def directions(scene: Scene) -> list[ListEntry]:
    """The directions that stand."""
    session = scene.snapshot.view.session
    standing = session.directions if session else ()
    return [ListEntry(str(each.number), each.text, "direction", str(each.number)) for each in standing]


def requests(scene: Scene) -> list[ListEntry]:
    """The requests that the loop has not answered and that nobody has withdrawn, the latest first."""
    session = scene.snapshot.view.session
    found = [
        request
        for request in (session.open_requests if session else ())
        if not request.is_withdrawn and not isinstance(request.event, RequestWithdrawn | DirectionAdded)
    ]
    return [
        ListEntry(request.text, f"by {request.event.author}", "request", str(request.position))
        for request in reversed(found)
    ]


def _best(scene: Scene) -> Iterator[ListEntry]:
    session = scene.snapshot.view.session
    if session is not None and session.best_row is not None:
        yield _experiment(scene, session.best_row, title=f"best #{session.best_experiment}")


def _themes() -> Iterator[ListEntry]:
    return (ListEntry(f"theme {name}", "colours of the screen", "theme", name) for name in THEMES)


def _by_number(scene: Scene, digits: str) -> list[ListEntry]:
    """The experiments of the latest session whose number begins with these digits."""
    view = scene.snapshot.view
    if view.session is None or not digits.isdecimal():
        return []
    numbers = [int(digits) * 10**power + rest for power in range(3) for rest in range(10**power)]
    rows = (view.find(view.session.tag, wanted) for wanted in numbers)
    return [_experiment(scene, row) for row in rows if row is not None][:MAX_IDEAS]


def _by_idea(scene: Scene, text: str) -> list[ListEntry]:
    """The latest experiments whose idea has all the words."""
    if len(text) < MIN_IDEA:
        return []
    return [_experiment(scene, row) for row in scene.snapshot.view.rows_with_idea(text.split(), limit=MAX_IDEAS)]


def _experiment(scene: Scene, row: int, *, title: str = "") -> ListEntry:
    each = scene.snapshot.view.row(row)
    text = f"{STATUS_SIGN[each.status]} {number(each.metric)}  {each.idea}"
    return ListEntry(title or f"#{each.number}", text, "experiment", str(row))


def search(text: str, candidates: Sequence[ListEntry]) -> list[ListEntry]:
    """The entries that the text finds: first titles that begin with it, then other titles, then descriptions."""
    wanted = text.lower().strip()
    ranked = [(_rank(wanted, entry), index) for index, entry in enumerate(candidates)]
    return [candidates[index] for rank, index in sorted(ranked) if rank < 4]


def _rank(wanted: str, entry: ListEntry) -> int:
    title = entry.title.lower()
    if title.startswith(wanted):
        return 0
    if wanted in title:
        return 1
    letters = iter(title)
    if all(letter in letters for letter in wanted if letter != " "):
        return 2
    return 3 if wanted in entry.description.lower() else 4
