"""Finds the rows in which two relations differ, in SQL: what only one has, and what both have otherwise."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import duckdb

from orchestrator.core import registry, seeds, sql_text
from orchestrator.core.registry import STAMPS
from orchestrator.export.parts import FEATURE_STORE, TRAINING_SET

KEYS = registry.KEYS | {TRAINING_SET: ("analysis_date", "row_id")}
EXAMPLES = 3
IN_BOTH = "not is_only_a and not is_only_b"


@dataclass(frozen=True)
class DayDifference:
    """The rows of one date that differ."""

    date: date
    only_a: int
    only_b: int
    changed: int
    features_moved: int | None
    """Changed rows in which a feature moved; None for a table without features."""


@dataclass(frozen=True)
class ColumnDifference:
    """How one column differs in the rows that both have."""

    column: str
    rows: int
    became_known: int
    """Of these, NULL in A."""
    became_null: int
    largest: float | None
    """Largest absolute difference; None unless both values are numbers in some row."""
    mean: float | None
    """Mean absolute difference over the rows in which the column differs."""


@dataclass(frozen=True)
class Example:
    """One row that both have, with the columns that differ."""

    key: dict[str, str]
    columns: dict[str, list[Any]]
    """The value in A, and in B."""


class RowDifference:
    """The rows in which A and B differ.

    `a` and `b` are relations, and each of the conditions chooses rows of either. They are read one after the
    other, so that memory follows the largest. Doubles are compared to nine decimals, as in content hashes.
    `only_days` counts rows, and measures no columns.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        table: str,
        a: str,
        b: str,
        conditions: Sequence[str],
        *,
        only_days: bool = False,
    ):
        self._con = con
        self._key = KEYS[table]
        types_a, types_b = (_types(con, relation) for relation in (a, b))
        self.only_in_a = [name for name in types_a if name not in types_b and name not in STAMPS]
        self.only_in_b = [name for name in types_b if name not in types_a and name not in STAMPS]
        common = [name for name in types_b if name in types_a and name not in (*STAMPS, *self._key)]
        self.other_types = {
            name: [types_a[name], types_b[name]] for name in common if types_a[name] != types_b[name]
        }
        self._differs = {name: _differs(name, types_a[name], types_b[name]) for name in common}
        self._numbers = [name for name in common if _is_number(types_a[name]) and _is_number(types_b[name])]
        features = [*feature_names(), "features"] if table in (FEATURE_STORE, TRAINING_SET) else []
        self._features = [self._differs[name] for name in features if name in common]
        self.has_features = bool(self._features)
        self.days: list[DayDifference] = []
        self._columns: dict[str, list] = {}
        self._examples: list[tuple[bool, Example]] = []
        for where in conditions:
            self._find(a, b, where, common)
            self.days += self._by_day()
            if not only_days:
                self._measure()
                self._examples += self._first_rows()
        con.execute("drop table if exists differing")

    @property
    def columns(self) -> list[ColumnDifference]:
        """The columns that differ, the one that does in most rows first."""
        found = [
            ColumnDifference(name, rows, known, null, largest, total / numbers if numbers else None)
            for name, (rows, known, null, largest, total, numbers) in self._columns.items()
            if rows
        ]
        return sorted(found, key=lambda one: -one.rows)

    @property
    def examples(self) -> list[Example]:
        """The first rows that both have, those with other features before all others."""
        return [example for _, example in sorted(self._examples, key=lambda one: not one[0])][:EXAMPLES]

    def _find(self, a: str, b: str, where: str, common: Sequence[str]) -> None:
        key = ", ".join(self._key)
        # A store that has a key twice has one row too many, not two pairs.
        sides = [
            f"(select *, row_number() over (partition by {key}) as nth_of_key, true as is_there "
            f"from {relation} where {where}) as {side}"
            for side, relation in (("a", a), ("b", b))
        ]
        on = " and ".join(f"a.{name} = b.{name}" for name in (*self._key, "nth_of_key"))
        values = [f"{side}.{sql_text.name(name)} as {_of(side, name)}" for name in common for side in "ab"]
        keys = [f"coalesce(a.{name}, b.{name}) as {name}" for name in self._key]
        presence = ["a.is_there is null as is_only_b", "b.is_there is null as is_only_a"]
        chosen = ", ".join([*keys, *presence, *values])
        self._con.execute(
            # Put aside: reading both again for each question would be slow.
            f"create or replace temp table differing as from (select {chosen} "
            f"from {sides[0]} full join {sides[1]} on {on}) "
            f"where is_only_a or is_only_b or {_any(self._differs.values())}"
        )

    def _by_day(self) -> list[DayDifference]:
        moved = f"count_if({IN_BOTH} and {_any(self._features)})" if self._features else "null"
        return [
            DayDifference(*row)
            for row in self._con.execute(
                "select analysis_date, count_if(is_only_a), count_if(is_only_b), "
                f"count_if({IN_BOTH}), {moved} from differing group by analysis_date order by analysis_date"
            ).fetchall()
        ]

    def _measure(self) -> None:
        """Add up how columns differ: rows, NULLs of A and of B; largest, sum and number of differences."""
        asked = []
        for name, differs in self._differs.items():
            a, b = _of("a", name), _of("b", name)
            conditions = (differs, f"{differs} and {a} is null", f"{differs} and {b} is null")
            asked += [f"count(*) filter (where {condition})" for condition in conditions]
            if name in self._numbers:
                apart = f"abs(cast({a} as double) - cast({b} as double))"
                known = f"filter (where {differs} and isfinite({apart}))"
                asked += [f"{what}({apart}) {known}" for what in ("max", "sum", "count")]
            else:
                asked += ["null", "null", "null"]
        if not asked:
            return
        (found,) = self._con.execute(f"select {', '.join(asked)} from differing where {IN_BOTH}").fetchall()
        for place, name in enumerate(self._differs):
            rows, known, null, largest, total, numbers = found[6 * place : 6 * place + 6]
            before = self._columns.get(name, [0, 0, 0, None, 0.0, 0])
            self._columns[name] = [
                before[0] + rows,
                before[1] + known,
                before[2] + null,
                max((one for one in (before[3], largest) if one is not None), default=None),
                before[4] + (total or 0.0),
                before[5] + (numbers or 0),
            ]

    def _first_rows(self) -> list[tuple[bool, Example]]:
        """Return the first rows of this part, each with whether a feature moved in it."""
        names = list(self._differs)
        flags = [f"coalesce({differs}, false)" for differs in self._differs.values()]
        values = [_of(side, name) for name in names for side in "ab"]
        rows = self._con.execute(
            f"select {_any(self._features)} as is_moved, {', '.join([*self._key, *flags, *values])} "
            f"from differing where {IN_BOTH} order by is_moved desc, {', '.join(self._key)} limit {EXAMPLES}"
        ).fetchall()
        found = []
        for is_moved, *row in rows:
            key, rest = row[: len(self._key)], row[len(self._key) :]
            flagged, pairs = rest[: len(names)], rest[len(names) :]
            columns = {
                name: [_plain(pairs[2 * place]), _plain(pairs[2 * place + 1])]
                for place, name in enumerate(names)
                if flagged[place]
            }
            named = {name: str(value) for name, value in zip(self._key, key, strict=True)}
            found.append((is_moved, Example(named, columns)))
        return found


def on_days(days: Sequence[str]) -> str:
    """Return the condition for the rows of some dates, in order; the bounds let DuckDB skip all others."""
    listed = ", ".join(f"date '{day}'" for day in days)
    return f"analysis_date between date '{days[0]}' and date '{days[-1]}' and analysis_date in ({listed})"


def feature_names() -> list[str]:
    """Return the names of the features, in order."""
    return [row["feature_name"] for row in seeds.rows("feature_catalogue")]


def as_json(found: DayDifference | ColumnDifference | Example) -> dict[str, Any]:
    """Return a part of a difference as JSON-ready data."""
    return {name: str(value) if isinstance(value, date) else value for name, value in asdict(found).items()}


def _types(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    return {row[0]: row[1] for row in con.execute(f"describe select * from {relation}").fetchall()}


def _is_number(type_: str) -> bool:
    return type_.endswith("INT") or type_ in ("INTEGER", "DOUBLE", "FLOAT") or type_.startswith("DECIMAL")


def _of(side: str, name: str) -> str:
    return sql_text.name(f"{side}.{name}")


def _differs(name: str, type_a: str, type_b: str) -> str:
    """Return the condition that a column differs; NULL is a value of its own, and NaN equals NaN."""
    a, b = _of("a", name), _of("b", name)
    if _is_number(type_a) and _is_number(type_b):
        if {type_a, type_b} & {"DOUBLE", "FLOAT"}:
            a, b = (f"round({one} * 1e9)" for one in (a, b))
    elif type_a == type_b == "DOUBLE[]":
        a, b = (f"list_transform({one}, lambda x: round(x * 1e9))" for one in (a, b))
    elif type_a != type_b:
        a, b = (f"cast({one} as varchar)" for one in (a, b))
    return f"{a} is distinct from {b}"


def _any(conditions: Collection[str]) -> str:
    return f"({' or '.join(conditions)})" if conditions else "false"


def _plain(value: Any) -> Any:
    """Return a value that JSON has; a NaN and all that JSON lacks as text."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return value if isinstance(value, float) and value - value == 0 else str(value)
