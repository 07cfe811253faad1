"""The shape of a projection in SQL: its columns, in words, and how a row of a fold becomes a row of a table. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

Values = tuple[Any, ...]


@dataclass(frozen=True)
class Column:
    """`attribute` is where a row of the fold holds it, where that is not the column's own name."""

    name: str
    kind: str  # TEXT, INTEGER or REAL
    words: str
    attribute: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """One projection in SQL. `text` names the columns that full text covers: such a table is an FTS5 table."""

    name: str
    words: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    wide: bool = False  # rows hold long texts: they lie apart from the key
    indexes: tuple[tuple[str, ...], ...] = ()
    text: tuple[str, ...] = ()

    def values(self) -> Callable[[object], Values]:
        """Row of the fold -> values in the order of the columns."""
        return attrgetter(*(column.attribute or column.name for column in self.columns))

    def create(self) -> tuple[str, ...]:
        """The statements that create it."""
        if self.text:
            columns = ", ".join(quoted(c.name) + ("" if c.name in self.text else " UNINDEXED") for c in self.columns)
            return (f"CREATE VIRTUAL TABLE {self.name} USING fts5({columns}, tokenize = 'unicode61 tokenchars ''_''')",)
        columns = ", ".join(f"{quoted(column.name)} {column.kind}" for column in self.columns)
        key = ", ".join(map(quoted, self.key))
        kind = "STRICT" if self.wide else "STRICT, WITHOUT ROWID"
        return (
            f"CREATE TABLE {self.name} ({columns}, PRIMARY KEY ({key})) {kind}",
            *(
                f"CREATE INDEX {self.name}_by_{names[0]}_{names[1]} ON {self.name} ({', '.join(map(quoted, names))})"
                for names in self.indexes
            ),
        )

    def insert(self) -> str:
        """The statement that writes a new row."""
        return f"INSERT INTO {self.name} VALUES ({', '.join('?' * len(self.columns))})"  # noqa: S608

    def upsert(self) -> str:
        """The statement that writes one row, new or changed; full text is written once."""
        if self.text:
            return self.insert()
        changed = [quoted(column.name) for column in self.columns if column.name not in self.key]
        sets = ", ".join(f"{name} = excluded.{name}" for name in changed)
        key = ", ".join(map(quoted, self.key))
        return f"{self.insert()} ON CONFLICT ({key}) DO UPDATE SET {sets}"


def quoted(name: str) -> str:
    """The name as SQL wants it; `commit` is a word of the language."""
    return f'"{name}"' if name == "commit" else name


def rows_of(rows: Iterable[object] | dict[Any, object]) -> Iterable[object]:
    """The rows of a fold, however it keeps them."""
    return rows.values() if isinstance(rows, dict) else rows
