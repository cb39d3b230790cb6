"""Which partitions and columns a statement must read, from what the analyzer made of it.

BigQuery prunes by filters on the partition column that are constant when the query is compiled. Such a filter
counts here where it can be moved down to the scan: through projections and renames, other filters, unions,
group keys, the kept side of an outer join and both sides of an inner one, and window functions that are
partitioned by the column. Views and `with` queries are looked through, each time they are used.

Columns are followed the same way: of a table those count that something needs which itself is needed.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

_EPOCH = datetime.date(1970, 1, 1)


class Bounds(NamedTuple):
    """First and last day, both included, as days since 1970; None for no bound."""

    low: int | None = None
    high: int | None = None

    def and_(self, other: Bounds) -> Bounds:
        """Both hold."""
        return Bounds(_of(max, self.low, other.low), _of(min, self.high, other.high))

    def or_(self, other: Bounds) -> Bounds:
        """One of them holds."""
        return Bounds(
            None if None in (self.low, other.low) else min(self.low, other.low),
            None if None in (self.high, other.high) else max(self.high, other.high),
        )


# What is known of columns, by the analyzer's number of them.
Known = dict[int, Bounds]
Needed = set[int]


def reads_of(statement: Any, tables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the tables that a statement reads, with the days it must look at and the columns it needs.

    A table without partitions has no `column` and no days. `via` names the views between the statement and
    the table, outermost first. Creating a view reads nothing.
    """
    reader = _Reader(tables)
    kind = type(statement).__name__
    if kind in ("ResolvedQueryStmt", "ResolvedCreateTableAsSelectStmt"):
        reader.scan(statement.query, {}, {output.column.column_id for output in statement.output_column_list})
    elif kind == "ResolvedInsertStmt":
        if statement.query:
            reader.scan(statement.query, {}, _ids(statement.query_output_column_list))
    elif kind in ("ResolvedDeleteStmt", "ResolvedUpdateStmt"):
        where = _bounds_of(statement.where_expr)
        needed = _all_in(statement)
        reader.expression(statement.where_expr)
        reader.scan(statement.table_scan, where, needed)
        if getattr(statement, "from_scan", None):
            reader.scan(statement.from_scan, where, needed)
    elif kind == "ResolvedMergeStmt":
        needed = _all_in(statement)
        reader.scan(statement.table_scan, _bounds_of_merge(statement), needed)
        reader.scan(statement.from_scan, {}, needed)
    return list(reader.reads.values())


class _Reader:
    """Walks the scans of a statement from the top, carrying down what is known and needed of columns."""

    def __init__(self, tables: Mapping[str, Any]):
        self._tables = tables
        self._with: dict[str, Any] = {}
        self._via: tuple[str, ...] = ()
        self.reads: dict[tuple, dict[str, Any]] = {}

    def scan(self, node: Any, known: Known, needed: Needed) -> None:
        """Look at a scan whose output is known to lie within these bounds, and of which this is needed."""
        visit = getattr(self, type(node).__name__.removeprefix("Resolved"), None)
        if visit:
            visit(node, known, needed)
        else:
            # Whatever else there is (limit, pivot, ...) lets no filter through.
            needed = needed | _all_in(node)
            for child in _children(node):
                if type(child).__name__.endswith("Scan"):
                    self.scan(child, {}, needed)
                else:
                    self.expression(child)

    def expression(self, node: Any) -> None:
        """Look for subqueries."""
        for found in _subqueries(node):
            self.scan(found.subquery, {}, _ids(found.subquery.column_list))
            if found.in_expr:
                self.expression(found.in_expr)

    def TableScan(self, node: Any, known: Known, needed: Needed) -> None:  # noqa: N802 - named as the scans are
        """A table ends the way down; a view goes on below."""
        table = self._tables[node.table.name]
        names = list(table.columns)
        columns = {
            column.column_id: names[index]
            for index, column in zip(node.column_index_list, node.column_list, strict=True)
        }
        by_name = {name: known[column] for column, name in columns.items() if column in known}
        wanted = [name for column, name in columns.items() if column in needed]
        if table.view:
            self._view(table, by_name, wanted)
            return
        bounds = by_name.get(table.partition_column, Bounds())
        read = {
            "table": table.name,
            "column": table.partition_column,
            "low": _iso(bounds.low),
            "high": _iso(bounds.high),
            "via": list(self._via),
        }
        read = self.reads.setdefault(tuple(map(str, read.values())), read | {"needs": []})
        read["needs"] = sorted({*read["needs"], *wanted})

    def _view(self, table: Any, by_name: dict[str, Bounds], wanted: list[str]) -> None:
        outer = self._with, self._via
        self._with, self._via = {}, (*self._via, table.name)
        outputs = {output.name: output.column.column_id for output in table.view.output_column_list}
        known = {outputs[name]: bounds for name, bounds in by_name.items()}
        self.scan(table.view.query, known, {outputs[name] for name in wanted})
        self._with, self._via = outer

    def FilterScan(self, node: Any, known: Known, needed: Needed) -> None:  # noqa: N802
        self.expression(node.filter_expr)
        self.scan(
            node.input_scan,
            _both(known, _bounds_of(node.filter_expr)),
            needed | _all_in(node.filter_expr),
        )

    def ProjectScan(self, node: Any, known: Known, needed: Needed) -> None:  # noqa: N802
        for computed in node.expr_list:
            self.expression(computed.expr)
        self.scan(
            node.input_scan,
            _below(known, node.expr_list) | _others(known, node.expr_list),
            _needed_by(node.expr_list, needed),
        )

    def AggregateScan(self, node: Any, known: Known, needed: Needed) -> None:  # noqa: N802
        for computed in node.aggregate_list:
            self.expression(computed.expr)
        self.scan(
            node.input_scan,
            {} if node.grouping_set_list else _below(known, node.group_by_list),
            _needed_by(node.aggregate_list, needed).union(
                *(_all_in(computed.expr) for computed in node.group_by_list)
            ),
        )

    def AnalyticScan(self, node: Any, known: Known, needed: Needed) -> None:  # noqa: N802
        partitions = [
            {column.column.column_id for column in group.partition_by.partition_by_list}
            if group.partition_by
            else set()
            for group in node.function_group_list
        ]
        within = set.intersection(*partitions)
        made = [function for group in node.function_group_list for function in group.analytic_function_list]
        below = _needed_by(made, needed)
        for group in node.function_group_list:
            if any(function.column.column_id in needed for function in group.analytic_function_list):
                below |= _all_in(group.partition_by) | _all_in(group.order_by)
        self.scan(
            node.input_scan,
            {column: bounds for column, bounds in known.items() if column in within},
            below,
        )

    def JoinScan(self, node: Any, known: Known, needed: Needed) -> None:  # noqa: N802
        self.expression(node.join_expr)
        on = _bounds_of(node.join_expr)
        needed = needed | _all_in(node.join_expr)
        kind = node.join_type.name if node.join_type else "INNER"
        sides = {
            "INNER": (_both(known, on), _both(known, on)),
            "LEFT": (known, on),
            "RIGHT": (on, known),
            "FULL": ({}, {}),
        }[kind]
        self.scan(node.left_scan, sides[0], needed)
        self.scan(node.right_scan, sides[1], needed)

    def ArrayScan(self, node: Any, known: Known, needed: Needed) -> None:  # noqa: N802
        for expression in (*node.array_expr_list, node.join_expr):
            self.expression(expression)
            needed = needed | _all_in(expression)
        if node.input_scan:
            self.scan(node.input_scan, known, needed)

    def SetOperationScan(self, node: Any, known: Known, needed: Needed) -> None:  # noqa: N802
        every_column = bool(node.op_type)  # all but UNION ALL, which is 0, compare rows
        for item in node.input_item_list:
            pairs = list(zip(node.column_list, item.output_column_list, strict=True))
            self.scan(
                item.scan,
                {
                    inner.column_id: known[outer.column_id]
                    for outer, inner in pairs
                    if outer.column_id in known
                },
                {inner.column_id for outer, inner in pairs if every_column or outer.column_id in needed},
            )

    def OrderByScan(self, node: Any, known: Known, needed: Needed) -> None:  # noqa: N802
        ordered = set().union(*(_all_in(item) for item in node.order_by_item_list))
        self.scan(node.input_scan, known, needed | ordered)

    def WithScan(self, node: Any, known: Known, needed: Needed) -> None:  # noqa: N802
        self._with |= {entry.with_query_name: entry.with_subquery for entry in node.with_entry_list}
        self.scan(node.query, known, needed)

    def WithRefScan(self, node: Any, known: Known, needed: Needed) -> None:  # noqa: N802
        subquery = self._with[node.with_query_name]
        pairs = list(zip(node.column_list, subquery.column_list, strict=True))
        self.scan(
            subquery,
            {inner.column_id: known[outer.column_id] for outer, inner in pairs if outer.column_id in known},
            {inner.column_id for outer, inner in pairs if outer.column_id in needed},
        )

    def SingleRowScan(self, node: Any, known: Known, needed: Needed) -> None:  # noqa: N802
        """`select 1`: reads nothing."""


def _ids(columns: Any) -> Needed:
    return {column.column_id for column in columns}


def _remembered(look: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Note the answer on the node: views are looked through again and again. There may be no node."""
    note = f"_{look.__name__}"

    def answer(node: Any) -> Any:
        if node is None:
            return look(node)
        if note not in node.__dict__:
            setattr(node, note, look(node))
        return getattr(node, note)

    return answer


@_remembered
def _all_in(node: Any) -> Needed:
    """The columns that are named anywhere below."""
    if type(node).__name__ == "ResolvedColumnRef":
        return {node.column.column_id}
    return set().union(*map(_all_in, _children(node)))


@_remembered
def _subqueries(node: Any) -> list[Any]:
    """The subqueries of an expression, itself among them; not those within them."""
    if type(node).__name__ == "ResolvedSubqueryExpr":
        return [node]
    return [found for child in _children(node) for found in _subqueries(child)]


def _needed_by(computed: list[Any], needed: Needed) -> Needed:
    """What is needed below, if this is needed of what is computed from it."""
    made = {column.column.column_id for column in computed}
    return (needed - made).union(
        *(_all_in(column.expr) for column in computed if column.column.column_id in needed)
    )


def _below(known: Known, computed: list[Any]) -> Known:
    """What is known of columns that only pass others on, said of those others."""
    return {
        column.expr.column.column_id: known[column.column.column_id]
        for column in computed
        if type(column.expr).__name__ == "ResolvedColumnRef" and column.column.column_id in known
    }


def _others(known: Known, computed: list[Any]) -> Known:
    made_here = {column.column.column_id for column in computed}
    return {column: bounds for column, bounds in known.items() if column not in made_here}


def _both(one: Known, other: Known) -> Known:
    return {column: one.get(column, Bounds()).and_(other.get(column, Bounds())) for column in {*one, *other}}


def _bounds_of(predicate: Any) -> Known:
    """Bounds of columns that hold wherever the predicate is true."""
    if type(predicate).__name__ != "ResolvedFunctionCall":
        return {}
    name = predicate.function.name.removeprefix("ZetaSQL:")
    arguments = predicate.argument_list
    if name == "$and":
        known: Known = {}
        for argument in arguments:
            known = _both(known, _bounds_of(argument))
        return known
    if name == "$or":
        first, *rest = map(_bounds_of, arguments)
        for other in rest:
            first = {column: bounds.or_(other[column]) for column, bounds in first.items() if column in other}
        return first
    if name in _MIRRORED and type(arguments[0]).__name__ != "ResolvedColumnRef":
        name, arguments = _MIRRORED[name], arguments[::-1]
    if type(arguments[0]).__name__ != "ResolvedColumnRef":
        return {}
    days = [_constant(argument) for argument in arguments[1:]]
    if None in days or not days:
        return {}
    bounds = {
        "$between": lambda: Bounds(*days),
        "$in": lambda: Bounds(min(days), max(days)),
        "$equal": lambda: Bounds(days[0], days[0]),
        "$greater_or_equal": lambda: Bounds(low=days[0]),
        "$greater": lambda: Bounds(low=days[0] + 1),
        "$less_or_equal": lambda: Bounds(high=days[0]),
        "$less": lambda: Bounds(high=days[0] - 1),
    }.get(name)
    return {arguments[0].column.column_id: bounds()} if bounds else {}


_MIRRORED = {
    "$equal": "$equal",
    "$greater_or_equal": "$less_or_equal",
    "$greater": "$less",
    "$less_or_equal": "$greater_or_equal",
    "$less": "$greater",
}


def _bounds_of_merge(merge: Any) -> Known:
    """A merge looks at rows of its target that match, and at those that a clause takes though they do not."""
    ways = []
    if not _is_false(merge.merge_expr):
        ways.append(_bounds_of(merge.merge_expr))
    ways += [
        _bounds_of(clause.match_expr)
        for clause in merge.when_clause_list
        if clause.match_type and clause.match_type.name == "NOT_MATCHED_BY_SOURCE"
    ]
    if not ways:
        return {}
    first, *rest = ways
    for other in rest:
        first = {column: bounds.or_(other[column]) for column, bounds in first.items() if column in other}
    return first


def _is_false(expression: Any) -> bool:
    return type(expression).__name__ == "ResolvedLiteral" and not expression.value.value.bool_value


def _constant(expression: Any) -> int | None:
    """A date that is known when the query is compiled."""
    if type(expression).__name__ == "ResolvedLiteral":
        return expression.value.value.date_value
    return None


def _of(choose: Any, one: int | None, other: int | None) -> int | None:
    return choose(one, other) if None not in (one, other) else one if other is None else other


def _iso(days: int | None) -> str | None:
    return None if days is None else str(_EPOCH + datetime.timedelta(days=days))


def _children(node: Any) -> Iterator[Any]:
    for name in _fields_of(type(node)):
        value = getattr(node, name)
        for child in value if isinstance(value, list) else [value]:
            if _fields_of(type(child)):
                yield child


@cache
def _fields_of(kind: type) -> tuple[str, ...]:
    """The fields of a kind of node that may hold nodes; none of what is no node."""
    if not dataclasses.is_dataclass(kind):
        return ()
    passed_over = ("type", "signature", "annotation_map", "column_list")
    return tuple(field.name for field in dataclasses.fields(kind) if field.name not in passed_over)
