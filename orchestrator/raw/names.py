"""Compares names of players as the models do."""

import duckdb

from orchestrator.core import seeds

# The form of player_lookup (macro fold_name), and the same without a suffix.
FOLDED = """
    create or replace temp macro folded(name) as regexp_replace(
        strip_accents(replace(replace(translate(lower(name), 'øđðłħı', 'oddlhi'), 'ß', 'ss'), 'æ', 'ae')),
        '[^a-z0-9]', '', 'g'
    );
    create or replace temp macro without_suffix(name) as
        folded(regexp_replace(name, '[ ,]+(jr|sr|ii|iii|iv|v)[. ]*$', '', 'i'));
"""


def prepare_names(con: duckdb.DuckDBPyConnection) -> None:
    """Make the macros `folded` and `without_suffix`, and the table `aliases` of the seed."""
    con.execute(FOLDED)
    con.execute("create or replace temp table aliases (printed_name varchar, player_name varchar)")
    con.executemany(
        "insert into aliases values (?, ?)",
        [(row["printed_name"], row["player_name"]) for row in seeds.rows("player_aliases")],
    )
