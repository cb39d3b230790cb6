"""Prints what differs between two stores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from orchestrator.cli.console import SHOWN, out, say
from orchestrator.core.phrases import counted

if TYPE_CHECKING:
    from orchestrator.compare.comparing import Comparison, TableComparison
    from orchestrator.compare.rows import ColumnDifference

SHOWN_OF_ROW = 5  # columns of an example


def show_comparison(found: Comparison) -> None:
    """Print the verdict, then what differs, table by table; narrow enough for 80 columns."""
    differing = [one for one in found.tables if not one.is_equal]
    if differing:
        out.print(_verdict(differing), style="yellow", markup=False, soft_wrap=True)
    else:
        rows = sum(one.rows_a for one in found.tables)
        out.print(
            f"equal: {counted(len(found.tables), 'table')}, {counted(rows, 'row')}",
            style="green",
            markup=False,
            soft_wrap=True,
        )
    out.print(f"  A: {found.a}\n  B: {found.b}", markup=False, soft_wrap=True)
    for one in differing:
        _show_table_comparison(one)
    equal = [one.table for one in found.tables if one.is_equal]
    if differing and equal:
        out.print(f"\nequal: {', '.join(equal)}", markup=False)
    for note in found.notes:
        say(note)


def _verdict(differing: Sequence[TableComparison]) -> str:
    days = {part for one in differing for part in one.differing}
    text = f"{counted(len(differing), 'table')}, {counted(len(days), 'date')}"
    if all(one.rows_known for one in differing):
        text += f", {counted(sum(one.rows_differing for one in differing), 'row')}"
    return f"different: {text}"


def _show_table_comparison(one: TableComparison) -> None:
    dates = counted(len(one.differing), "date")
    if one.differing:
        first, last = one.differing[0], one.differing[-1]
        dates += f", {first}" if first == last else f", {first}..{last}"
    out.print(f"\n{one.table}: {dates}", style="bold", markup=False)
    for line in _lines_of_comparison(one):
        out.print(f"  {line}", markup=False)
    if one.columns:
        _show_columns(one.columns)
    for example in one.examples:
        out.print(f"\n  {', '.join(example.key.values())}", markup=False)
        # The vector repeats the columns of the features.
        columns = {name: pair for name, pair in example.columns.items() if name != "features"}
        for name, (before, after) in list(columns.items())[:SHOWN_OF_ROW]:
            out.print(f"    {name}: {_value(before)} -> {_value(after)}", markup=False, soft_wrap=True)
        if len(columns) > SHOWN_OF_ROW:
            out.print(f"    ... and {len(columns) - SHOWN_OF_ROW} more columns")


def _lines_of_comparison(one: TableComparison) -> list[str]:
    lines = ["how many rows is not known: a snapshot has hashes only"]
    if one.rows_known:
        lines = [
            f"{one.changed:,} of {counted(one.rows_in_both, 'row')} changed; "
            f"{one.only_a:,} only in A, {one.only_b:,} only in B"
        ]
    if one.features_moved is not None:
        lines.append(f"{one.features_moved:,} of {one.rows_in_both:,} predictions would see other features")
    if one.other_logic:
        lines.append("other versions of the code built it (logic_version)")
    for side, names in (("A", one.columns_only_a), ("B", one.columns_only_b)):
        if names:
            lines.append(f"columns only in {side}: {', '.join(names)}")
    return lines + [
        f"{name} is {type_a} in A, {type_b} in B" for name, (type_a, type_b) in one.other_types.items()
    ]


def _show_columns(columns: Sequence[ColumnDifference]) -> None:
    # The longest name has 35 letters, and 80 columns must do.
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("column", no_wrap=True)
    for name in ("rows", "from\nNULL", "to\nNULL", "largest", "mean"):
        table.add_column(name, justify="right", vertical="bottom")
    for column in columns[:SHOWN]:
        table.add_row(
            column.column,
            f"{column.rows:,}",
            *(f"{count:,}" if count else "" for count in (column.became_known, column.became_null)),
            *("" if size is None else f"{size:.4g}" for size in (column.largest, column.mean)),
        )
    out.print()
    out.print(table)
    if len(columns) > SHOWN:
        out.print(f"... and {len(columns) - SHOWN} more columns (--json has them all)")


def _value(value: object) -> str:
    if value is None:
        return "NULL"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
