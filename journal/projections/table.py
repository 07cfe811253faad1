"""A projection in SQL: its columns, their descriptions, and how a row of a fold becomes a row of a table. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

Values = tuple[Any, ...]


@dataclass(frozen=True)
class Column:
    """`attribute` names the attribute of the fold's row, if it differs from the column's name."""

    name: str
    kind: str  # TEXT, INTEGER or REAL
    description: str
    attribute: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """One projection in SQL. `text` names the columns of full-text search, and makes it an FTS5 table."""

    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    wide: bool = False  # rows hold long texts, so they are stored apart from the key
    indexes: tuple[tuple[str, ...], ...] = ()
    text: tuple[str, ...] = ()

    def values(self) -> Callable[[object], Values]:
        """A function from a row of the fold to its values, in the order of the columns."""
        return attrgetter(*(column.attribute or column.name for column in self.columns))

    def create(self) -> tuple[str, ...]:
        """The statements that create the table and then its indexes."""
        if self.text:
            columns = ", ".join(
                quote_name(c.name) + ("" if c.name in self.text else " UNINDEXED") for c in self.columns
            )
            return (f"CREATE VIRTUAL TABLE {self.name} USING fts5({columns}, tokenize = 'unicode61 tokenchars ''_''')",)
        columns = ", ".join(f"{quote_name(column.name)} {column.kind}" for column in self.columns)
        key = ", ".join(map(quote_name, self.key))
        kind = "STRICT" if self.wide else "STRICT, WITHOUT ROWID"
        return (
            f"CREATE TABLE {self.name} ({columns}, PRIMARY KEY ({key})) {kind}",
            *(
                f"CREATE INDEX {self.name}_by_{names[0]}_{names[1]} ON {self.name} ({', '.join(map(quote_name, names))})"
                for names in self.indexes
            ),
        )

    def insert(self) -> str:
        """The statement that writes a new row."""
        return f"INSERT INTO {self.name} VALUES ({', '.join('?' * len(self.columns))})"  # noqa: S608

    def upsert(self) -> str:
        """The statement that writes a new or changed row; rows of full text never change."""
        if self.text:
            return self.insert()
        changed = [quote_name(column.name) for column in self.columns if column.name not in self.key]
        sets = ", ".join(f"{name} = excluded.{name}" for name in changed)
        key = ", ".join(map(quote_name, self.key))
        return f"{self.insert()} ON CONFLICT ({key}) DO UPDATE SET {sets}"


def quote_name(name: str) -> str:
    """The name as SQL needs it; `commit` is a keyword."""
    return f'"{name}"' if name == "commit" else name


def rows_of(rows: Iterable[object] | dict[Any, object]) -> Iterable[object]:
    """The rows of a fold, which keeps them in a dict or a list."""
    return rows.values() if isinstance(rows, dict) else rows
