"""Hypothesis strategies: any event of the catalogue, from its own annotations, with few names so that stories collide."""

import types
import typing

from hypothesis import settings
from hypothesis import strategies as st

from journal.events import CATALOGUE

TEXT = st.text(max_size=12)
SCALARS = {
    str: TEXT,
    int: st.integers(0, 2**40),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    object: st.one_of(st.none(), st.booleans(), st.integers(0, 9), TEXT),
    type(None): st.none(),
}
FEW = {
    "session": st.sampled_from(["dusk", "dawn"]),
    "experiment": st.integers(0, 2),
    "run": st.integers(1, 2),
    "attempt": st.integers(1, 2),
    "direction": st.integers(1, 2),
    "request": st.integers(1, 9),
    "anchor": st.just(""),  # any other must be the place of the proposal, as verify checks
}


def of(hint):
    """A strategy for an annotation."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in SCALARS:
        return SCALARS[hint]
    if origin is typing.Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return st.lists(of(arguments[0]), max_size=2).map(tuple)
    if origin is dict:
        return st.dictionaries(TEXT, of(arguments[1]), max_size=2)
    if origin in {typing.Union, types.UnionType}:
        return st.one_of(*map(of, arguments))
    return instances(hint)


def instances(kind):
    """A strategy for an event or a part of one."""
    hints = typing.get_type_hints(kind)
    fields = {name: of(hints[name]) for name in kind.__struct_fields__}
    few = {name: strategy for name, strategy in FEW.items() if hints.get(name) in {int, str}}
    return st.builds(kind, **fields | {name: few[name] for name in fields.keys() & few.keys()})


EVENTS = st.sampled_from(sorted(CATALOGUE)).flatmap(lambda name: instances(CATALOGUE[name]))
LAW = settings(max_examples=40, deadline=None)  # a busy machine is no counter-example
HISTORIES = st.lists(EVENTS, max_size=25)
