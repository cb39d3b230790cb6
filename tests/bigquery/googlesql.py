"""GoogleSQL's own analyzer over SQL as BigQuery would be sent it: types, and what each statement must read.

Run by the Python of `.venv-bigquery` (see analyzer.py): `python googlesql.py question.json answer.json`. The
catalog starts empty; whatever the scripts create, drop or alter changes it, so declared schemas come as
`create table`, and views and models follow in the order of the DAG. A question is
`{"project": ..., "scripts": [{"id": ..., "sql": ...}]}`; the answer has, for each script, its statements with
`error`, or with `kind`, `columns` and `reads` (see pruning.py).
"""

from __future__ import annotations

import gc
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import wasmtime
from google._upb import _message
from pruning import reads_of

# A sum of 25 columns, as the analyzer resolves it, is nested more deeply than protobuf reads by default.
_message.SetAllowOversizeProtos(True)

_compile = wasmtime.Module.from_file


def _compile_once(engine: Any, path: str) -> Any:
    """Compile the analyzer, which takes 18 s, once for the environment (made anew for other versions)."""
    compiled = Path(sys.prefix) / "zetasql.cwasm"
    if not compiled.exists():
        # Under another name first: two processes may do this at once.
        unfinished = compiled.with_suffix(f".{os.getpid()}")
        unfinished.write_bytes(_compile(engine, path).serialize())
        unfinished.replace(compiled)
    return wasmtime.Module.deserialize_file(engine, str(compiled))


wasmtime.Module.from_file = staticmethod(_compile_once)

import zetasql.types as T  # noqa: E402, N812 - after the patch, which must be there before the analyzer is loaded
from zetasql.api import CatalogBuilder, Parser  # noqa: E402
from zetasql.core import ZetaSqlLocalService  # noqa: E402
from zetasql.core.exceptions import ZetaSQLError  # noqa: E402

LANGUAGE = T.LanguageOptions.maximum_features()
LANGUAGE.product_mode = T.ProductMode.PRODUCT_EXTERNAL
LANGUAGE.reserved_keywords = ["QUALIFY"]
# What this release of the analyzer knows and BigQuery does not take, or takes for something else than DuckDB
# does (x[1] is the second element here, the first there).
LANGUAGE.enabled_language_features = [
    feature
    for feature in LANGUAGE.enabled_language_features
    if feature
    not in (
        T.LanguageFeature.FEATURE_AGGREGATE_FILTERING,
        T.LanguageFeature.FEATURE_BARE_ARRAY_ACCESS,
        T.LanguageFeature.FEATURE_LATERAL_COLUMN_REFERENCES,
    )
]

_SERVICE = ZetaSqlLocalService.get_instance()
_OPTIONS = T.AnalyzerOptions(
    language_options=LANGUAGE, error_message_mode=T.ErrorMessageMode.ERROR_MESSAGE_ONE_LINE
)


@dataclass
class Table:
    """A table or view of the catalog."""

    name: str
    """Dataset and name, `nba_raw.games`; a temporary table has no dataset."""
    columns: dict[str, T.Type]
    partition_column: str | None = None
    view: Any = None
    """The resolved statement that made the view, to look through it."""


class Catalog:
    """What exists, as far as the statements so far have made it."""

    def __init__(self, project: str):
        """Begin with nothing in the project."""
        self._project = project
        self.tables: dict[str, Table] = {}
        self._variables: dict[str, T.Type] = {}
        self._registered: int | None = None
        self._unsent: set[str] = set()
        """Names that mean something else than in the catalog as registered."""

    def put(self, table: Table) -> None:
        """Create or replace."""
        self.tables[table.name] = table
        self._unsent.add(table.name)

    def drop(self, name: str) -> None:
        """Drop, if it is there."""
        self.tables.pop(name, None)
        self._unsent.add(name)

    def declare(self, variable: str, type_: T.Type) -> None:
        """Make a script's variable known, whose value is not."""
        self._variables[variable] = type_
        self._unsent.add(variable)

    def forget_variables(self) -> None:
        """End a script."""
        self._unsent.update(self._variables)
        self._variables = {}

    def name_of(self, path: list[str]) -> str:
        """Name a table as the catalog does, without the project."""
        parts = [part for step in path for part in step.split(".")]
        return ".".join(parts[1:] if parts[0] == self._project and len(parts) > 1 else parts)

    def analyze(self, location: T.ParseResumeLocation) -> Any:
        """Resolve the statement at a place of a script, and move on behind it."""
        response = _SERVICE.analyze(
            sql_statement=location.input,
            parse_resume_location=location,
            options=_OPTIONS,
            registered_catalog_id=self._registered_for(location.input.casefold()),
        )
        location.byte_position = response.resume_byte_position
        return response.resolved_statement

    def _registered_for(self, script: str) -> int:
        """Send the catalog, which takes longer than analyzing a statement, only if the script may notice."""
        named = any(name.rpartition(".")[2].casefold() in script for name in self._unsent)
        if self._registered is not None and named:
            _SERVICE.unregister_catalog(registered_id=self._registered)
            self._registered = None
        if self._registered is None:
            self._registered = _SERVICE.register_catalog(simple_catalog=self._build()).registered_id
            self._unsent.clear()
        return self._registered

    def _build(self) -> T.SimpleCatalog:
        functions = T.ZetaSQLBuiltinFunctionOptions(language_options=LANGUAGE)
        root = CatalogBuilder("root").with_builtin_functions(functions).build()
        datasets: dict[str, list[T.SimpleTable]] = {}
        for table in self.tables.values():
            dataset, _, name = table.name.rpartition(".")
            columns = [T.SimpleColumn(name=column, type=type_) for column, type_ in table.columns.items()]
            datasets.setdefault(dataset, []).append(
                # The resolved statements call it by `name`; it is found by `name_in_catalog`.
                T.SimpleTable(name=table.name, name_in_catalog=name, column=columns)
            )
        root.table = datasets.pop("", [])
        catalogs = [T.SimpleCatalog(name=dataset, table=tables) for dataset, tables in datasets.items()]
        root.catalog = [*catalogs, T.SimpleCatalog(name=self._project, catalog=catalogs)]
        root.constant = [
            T.SimpleConstant(name_path=[name], type=type_) for name, type_ in self._variables.items()
        ]
        return root


def analyze(scripts: list[dict[str, str]], project: str = "local-project") -> list[dict[str, Any]]:
    """Analyze the scripts in order; each may use what those before it created."""
    catalog = Catalog(project)
    answers = []
    for script in scripts:
        answers.append({"id": script["id"], "statements": list(_analyze_script(catalog, script["sql"]))})
        catalog.forget_variables()
    return answers


_COMMENTS = re.compile(r"--[^\n]*|#[^\n]*|/\*.*?\*/", re.DOTALL)
_DECLARE = re.compile(
    r"declare\s+(?P<names>\w+(?:\s*,\s*\w+)*)\s+(?P<type>(?!default\b)\w+(?:<[^>]*>)?)?\s*"
    r"(?:default\s+(?P<default>.*))?$",
    re.IGNORECASE | re.DOTALL,
)
_SET = re.compile(r"set\s+(?:\w+|\([\w\s,]+\))\s*=\s*(?P<value>.*)$", re.IGNORECASE | re.DOTALL)


def _analyze_script(catalog: Catalog, script: str) -> Iterator[dict[str, Any]]:
    """Analyze statement by statement; one that does not pass is the last: where it ends is not known."""
    text = script.encode()
    location = T.ParseResumeLocation(input=script, byte_position=0)
    while _bare(rest := text[location.byte_position :].decode()):
        start = location.byte_position
        try:
            resolved = _resolve(catalog, location, _bare(rest))
        except ZetaSQLError as error:
            yield {"sql": rest, "error": str(error)}
            return
        reads = reads_of(resolved, catalog.tables)
        _apply(catalog, resolved)
        yield {
            "sql": text[start : location.byte_position].decode(),
            "kind": type(resolved).__name__.removeprefix("Resolved").removesuffix("Stmt"),
            "columns": {output.name: _type_name(output.column.type) for output in _outputs(resolved)},
            "reads": [read for read in reads if read["column"]],
            "whole": [read for read in reads if not read["column"]],
        }


def _bare(sql: str) -> str:
    return _COMMENTS.sub("", sql).strip(" \n\t;")


def _resolve(catalog: Catalog, location: T.ParseResumeLocation, bare: str) -> Any:
    """Resolve a statement; of a script's variables, unknown to the analyzer, what they are set to."""
    if not re.match(r"(declare|set)\b", bare, re.IGNORECASE):
        return catalog.analyze(location)
    start = location.byte_position
    Parser(LANGUAGE).parse_next_script_statement(location)
    bare = _bare(location.input.encode()[start : location.byte_position].decode())
    variables, assignment = _DECLARE.match(bare), _SET.match(bare)
    value = (
        assignment["value"] if assignment else variables["default"] or f"cast(null as {variables['type']})"
    )
    resolved = catalog.analyze(T.ParseResumeLocation(input=f"select {value} as value", byte_position=0))
    for name in variables["names"].split(",") if variables else ():
        catalog.declare(name.strip(), resolved.output_column_list[0].column.type)
    return resolved


def _outputs(resolved: Any) -> list[Any]:
    return getattr(resolved, "output_column_list", None) or []


def _apply(catalog: Catalog, resolved: Any) -> None:
    """Let the catalog follow what the statement does to it."""
    match type(resolved).__name__:
        case "ResolvedCreateTableStmt" | "ResolvedCreateTableAsSelectStmt" | "ResolvedCreateViewStmt":
            name = catalog.name_of(resolved.name_path)
            keeps = resolved.create_mode == T.ResolvedCreateStatementEnums.CreateMode.CREATE_IF_NOT_EXISTS
            if keeps and name in catalog.tables:
                return
            is_view = type(resolved).__name__ == "ResolvedCreateViewStmt"
            catalog.put(
                Table(
                    name=name,
                    columns={column.name: column.column.type for column in resolved.column_definition_list},
                    partition_column=None if is_view else _partition_column(resolved.partition_by_list),
                    view=resolved if is_view else None,
                )
            )
        case "ResolvedAlterTableStmt":
            table = catalog.tables[catalog.name_of(resolved.name_path)]
            added = {
                action.column_definition.name: action.column_definition.column.type
                for action in resolved.alter_action_list
                if type(action).__name__ == "ResolvedAddColumnAction"
            }
            catalog.put(Table(table.name, added | table.columns, table.partition_column, table.view))
        case "ResolvedDropStmt":
            catalog.drop(catalog.name_of(resolved.name_path))


def _partition_column(partition_by: list[Any]) -> str | None:
    """Return `d` of `partition by d` and of `partition by date_trunc(d, month)`."""
    for expression in partition_by:
        column = (
            expression if type(expression).__name__ == "ResolvedColumnRef" else expression.argument_list[0]
        )
        return column.column.name
    return None


def _type_name(type_: T.Type) -> str:
    if type_.array_type:
        return f"ARRAY<{_type_name(type_.array_type.element_type)}>"
    name = T.TypeKind(type_.type_kind).name.removeprefix("TYPE_")
    return {"DOUBLE": "FLOAT64"}.get(name, name)


def main() -> None:
    """Answer the question of one file in another."""
    question, answer = map(Path, sys.argv[1:])
    asked = json.loads(question.read_text())
    gc.disable()  # resolved statements are millions of objects, and few of them become garbage
    answer.write_text(json.dumps(analyze(asked["scripts"], asked["project"])))


if __name__ == "__main__":
    main()
