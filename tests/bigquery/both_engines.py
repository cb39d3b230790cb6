"""What two warehouses make of the same inputs, a DuckDB file and the emulator, held against each other."""

from __future__ import annotations

from pathlib import Path

import duckdb

from tests.bigquery.emulator import Emulator

KEYS = {
    "team_defense_zone_analysis": "analysis_date, team_abbr",
    "player_shot_zone_analysis": "analysis_date, player_lookup",
    "player_composite_factors": "analysis_date, player_lookup",
    "player_daily_cache": "analysis_date, player_lookup",
    "ml_feature_store": "analysis_date, player_lookup",
    "phase4_exclusions": "table_name, analysis_date, entity_id",
    "receipts": "table_name, analysis_date",
}
# When and by which run; and logic_version hashes the code, of which the engine's dialect is a part.
STAMPS = ("built_at", "run_id", "logic_version")


def differences(emulator: Emulator, warehouse: Path) -> dict[str, dict[str, int]]:
    """Count per table what differs: columns, and keys of which one engine has more rows than the other."""
    found = {}
    with duckdb.connect() as connection:
        connection.execute(f"attach '{warehouse}' as duck (read_only)")
        for table, keys in KEYS.items():
            rows = emulator.client.query_and_wait(f"select * from nba_precompute.{table}")
            connection.register("bigquery", rows.to_arrow(create_bqstorage_client=False))
            counts = different_columns(connection, f"duck.nba_precompute.{table}", keys)
            if any(counts.values()):
                found[table] = {name: count for name, count in counts.items() if count}
            connection.unregister("bigquery")
    return found


def different_columns(connection: duckdb.DuckDBPyConnection, table: str, keys: str) -> dict[str, int]:
    """Count what differs between a table and the relation `bigquery`: columns, and keys of one only."""
    types = {name: type_ for name, type_, *_ in connection.execute(f"describe {table}").fetchall()}
    assert list(types) == connection.table("bigquery").columns, f"{table} has other columns on BigQuery"
    by_key = f"select {keys}, count(*) as n from {{}} group by all"
    [(others,)] = connection.execute(
        f"select count(*) from ({by_key.format(table)}) as one"
        f" full join ({by_key.format('bigquery')}) as other using ({keys}) "
        f" where one.n is distinct from other.n"
    ).fetchall()
    different = {
        name: f"count(*) filter (not ({_same(f'one.{name}', f'other.{name}', type_)}))"
        for name, type_ in types.items()
        if name not in STAMPS
    }
    [(rows, *counts)] = connection.execute(
        f"select count(*), {', '.join(different.values())}"
        f" from {table} as one join bigquery as other using ({keys})"
    ).fetchall()
    assert rows, f"{table} has no rows to compare"
    return {"keys": others} | dict(zip(different, counts, strict=True))


def _same(one: str, other: str, type_: str) -> str:
    """Equal; doubles, also those in arrays, to nine digits."""
    if type_ == "DOUBLE":
        close = f"abs({one} - {other}) <= 1e-9 * greatest(abs({one}), abs({other}))"
        return f"coalesce({close}, {one} is not distinct from {other})"
    if type_ == "DOUBLE[]":
        close = _same("pair[1]", "pair[2]", "DOUBLE")
        return f"len({one}) = len({other}) and list_bool_and([{close} for pair in list_zip({one}, {other})])"
    return f"{one} is not distinct from {other}"
