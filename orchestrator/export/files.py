"""Writes parts as Parquet files that readers can open at any time, and keeps what they replace.

A file is written beside its place and renamed. It carries the hash of its rows, so that a run which was
killed leaves nothing to repair: the next one compares each file with the warehouse again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import filelock

from orchestrator.core import sql_text
from orchestrator.core.errors import BusyError, UserError
from orchestrator.core.fingerprint import project_files
from orchestrator.core.project import ANALYTICS, RAW, phase3_is_external
from orchestrator.export.parts import Part
from orchestrator.export.source import FEATURE_STORE, RELATIONS, TRAINING_SET, Source
from orchestrator.warehouse.base import Connection

HASH = "content_hash"
"""Key of the metadata of a Parquet file."""
MANIFEST = "manifest.json"
PAST = "past"
"""Folder of replaced files, by the hash of their rows, and of their manifests."""


@dataclass
class Exported:
    """The result of an export."""

    hash: str
    """Names all that is in the folder now."""
    written: list[Part] = field(default_factory=list)
    unchanged: list[Part] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    """Files whose rows are gone."""


def write(
    source: Source, folder: Path, found: Sequence[Part], tables: Sequence[str], seasons: Sequence[int]
) -> Exported:
    """Bring the files of these tables and seasons up to date; UserError when the folder cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder / ".export.lock", timeout=0):
            return _write(source, folder, found, tables, seasons)
    except filelock.Timeout:
        raise BusyError(f"another export writes to {folder}: wait until it ends") from None
    except OSError as error:
        raise _unwritable(folder, error) from None


def _write(
    source: Source, folder: Path, found: Sequence[Part], tables: Sequence[str], seasons: Sequence[int]
) -> Exported:
    there = hashes(folder)
    before = _read(folder / MANIFEST)
    listed: dict[str, dict[str, Any]] = dict(before.get("files", {}))
    result = Exported("")
    for part in found:
        if there.get(part.path) == part.content_hash:
            result.unchanged.append(part)
        else:
            _put(source, folder, part, there.get(part.path))
            result.written.append(part)
        listed[part.path] = {
            "table": part.table,
            "season_year": part.season,
            "rows": part.rows,
            HASH: part.content_hash,
            "bytes": (folder / part.path).stat().st_size,
        }
    wanted = {part.path for part in found}
    for path in sorted(set(listed) - wanted):
        about = listed[path]
        if about["table"] in tables and (not seasons or about["season_year"] in seasons):
            _keep(folder, path, there.get(path))
            (folder / path).unlink(missing_ok=True)
            del listed[path]
            result.removed.append(path)
    result.hash = named(listed)
    if before.get("hash") != result.hash:
        _write_manifest(source.connection, folder, listed, result.hash, before)
    return result


def views_are_current(connection: Connection, folder: Path) -> bool:
    """Tell whether the last export into this folder was made by today's models: the views are theirs, too."""
    there = connection.has_table(*RELATIONS[TRAINING_SET].split("."))
    return there and _read(folder / MANIFEST).get("project_files") == project_files()


def hashes(folder: Path) -> dict[str, str]:
    """Return the hash of the rows of each file that is here, by its path; of a damaged one nothing."""
    found = {}
    with duckdb.connect() as con:
        for table in RELATIONS:
            paths = sorted((folder / table).glob("*.parquet"))
            try:
                rows = _hashes(con, paths)
            except duckdb.Error:  # one of them is damaged
                rows = []
                for path in paths:
                    with suppress(duckdb.Error):
                        rows += _hashes(con, [path])
            found |= {f"{table}/{Path(path).name}": one for path, one in rows}
    return found


def _hashes(con: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> list[tuple[str, str]]:
    if not paths:
        return []
    return con.execute(
        "select file_name, decode(value) from parquet_kv_metadata(?) where decode(key) = ?",
        [[str(path) for path in paths], HASH],
    ).fetchall()


def named(files: dict[str, dict[str, Any]]) -> str:
    """Return the one hash that names these files and their rows."""
    lines = "".join(f"{path} {about[HASH]}\n" for path, about in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def restore(folder: Path, name: str) -> Path:
    """Bring back the files of an earlier export, by the beginning of its hash; return their folder.

    UserError when none, or several, are called so, a file of it is gone, or the folder cannot be written.
    """
    try:
        return _restore(folder, name)
    except OSError as error:
        raise _unwritable(folder, error) from None


def _unwritable(folder: Path, error: OSError) -> UserError:
    return UserError(f"{error.filename or folder} cannot be written: {error.strerror}")


def _restore(folder: Path, name: str) -> Path:
    manifest = manifest_of(folder, name)
    to = folder / "at" / manifest["hash"][:12]
    for path, source in located(folder, manifest, manifest["files"]).items():
        (to / path).parent.mkdir(parents=True, exist_ok=True)
        (to / path).unlink(missing_ok=True)
        _link(source, to / path)
    (to / MANIFEST).write_text(json.dumps(manifest, indent=2))
    return to


def manifest_of(folder: Path, name: str = "") -> dict[str, Any]:
    """Return the manifest of the export whose hash begins with a name, by default that of the current one.

    UserError when none, or several, are called so.
    """
    manifests = [folder / MANIFEST]
    if name:
        manifests += sorted((folder / PAST).glob("*.json"))
    known = {found["hash"]: found for path in manifests if (found := _read(path)).get("hash")}
    chosen = [one for one in known if one.startswith(name)]
    if len(chosen) != 1:
        which = "several exports" if chosen else "no export"
        raise UserError(
            f"{which} in {folder} begin with {name!r}: choose from {', '.join(one[:12] for one in known)}"
            if known
            else f"{folder} holds no export"
        )
    return known[chosen[0]]


def located(folder: Path, manifest: dict[str, Any], paths: Iterable[str]) -> dict[str, Path]:
    """Return where the files of an export are now: in their place, or kept; UserError when one is gone."""
    there = hashes(folder)
    found = {}
    for path in paths:
        content_hash = manifest["files"][path][HASH]
        kept = _kept(folder, content_hash)
        found[path] = folder / path if there.get(path) == content_hash else kept
        if not found[path].exists():
            raise UserError(f"{kept} is gone: this export is not whole any more")
    return found


def _put(source: Source, folder: Path, part: Part, before: str | None) -> None:
    path = folder / part.path
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".tmp")
    source.save(part.table, part.sql, scratch, {HASH: part.content_hash})
    _keep(folder, part.path, before)
    scratch.replace(path)


def _keep(folder: Path, path: str, content_hash: str | None) -> None:
    """Keep a file that goes, under the hash of its rows; its place stays taken until then."""
    if content_hash is None:
        return
    kept = _kept(folder, content_hash)
    kept.parent.mkdir(parents=True, exist_ok=True)
    if not kept.exists():
        _link(folder / path, kept)


def _link(source: Path, target: Path) -> None:
    """Give a file a second name; a copy where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _kept(folder: Path, content_hash: str) -> Path:
    return folder / PAST / f"{content_hash}.parquet"


def _write_manifest(
    connection: Connection, folder: Path, files: dict[str, dict[str, Any]], name: str, before: dict[str, Any]
) -> None:
    tables = {about["table"] for about in files.values()}
    manifest = {
        "hash": name,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "project_files": project_files(),
        "feature_versions": _distinct(connection, "feature_version"),
        "logic_versions": _distinct(connection, "logic_version"),
        "labels": _labels() if TRAINING_SET in tables else {},
        "columns": {
            table: _columns(next(folder / path for path, about in files.items() if about["table"] == table))
            for table in sorted(tables)
        },
        "files": dict(sorted(files.items())),
    }
    if before:
        (folder / PAST).mkdir(exist_ok=True)
        (folder / PAST / f"{before['hash']}.json").write_text(json.dumps(before, indent=2))
    scratch = folder / f"{MANIFEST}.tmp"
    scratch.write_text(json.dumps(manifest, indent=2))
    scratch.replace(folder / MANIFEST)


def _labels() -> dict[str, str]:
    """Say which tables the labels and the betting lines come from."""
    if phase3_is_external():
        return {
            "results": f"{ANALYTICS}.player_game_summary",
            "closing lines": f"{ANALYTICS}.upcoming_player_game_context",
        }
    return {
        "results": f"{RAW}.player_box",
        "closing lines": f"{RAW}.betting_lines",
        "lines on players": f"{RAW}.player_props",
    }


def _columns(path: Path) -> dict[str, str]:
    """Return the columns of a file with their types."""
    with duckdb.connect() as con:
        described = con.execute(f"describe from {sql_text.text(str(path))}").fetchall()
    return {name: column_type for name, column_type, *_ in described}


def _distinct(connection: Connection, column: str) -> list[str]:
    relation = RELATIONS[FEATURE_STORE]
    return [one for (one,) in connection.rows(f"select distinct {column} from {relation} order by 1")]


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
