"""Who is meant: a player as people type his name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from orchestrator.core.errors import UserError
from orchestrator.core.project import RAW, REFERENCE, STAGING, phase3_is_external
from orchestrator.core.seasons import season_name
from orchestrator.raw.names import FOLDED

if TYPE_CHECKING:
    from orchestrator.warehouse.base import Connection

LISTED = 12
"""Of players who may be meant."""

# The newest profile has the name, else the newest box score: the same choice as for player_lookup.
_FROM_RAW = f"""
    with profiles as (
        select player_id, player_name from {RAW}.players
        qualify row_number() over (partition by player_id order by ingested_at desc) = 1
    ),
    boxes as (
        select player_id, player_name from {RAW}.player_box
        qualify row_number() over (
            partition by player_id order by game_date desc, ingested_at desc, game_id desc
        ) = 1
    )
    select
        cast(player_id as varchar) as player_id,
        coalesce(profiles.player_name, boxes.player_name) as name
    from profiles full outer join boxes using (player_id)
"""
_FROM_PHASE3 = (
    f"select universal_player_id as player_id, player_full_name as name from {STAGING}.stg_nba__players"
)


@dataclass(frozen=True)
class Player:
    """One player of the data."""

    player_id: str
    name: str
    folded: str
    """The name in the form of player_lookup."""
    stem: str
    """The same without Jr., III and the like."""
    words: tuple[str, ...]
    """The words of the name, each in that form."""
    lookup: str
    """With the id appended where two players share a name."""

    def parts(self) -> set[str]:
        """Return each run of words of the name, such as the last name."""
        count = len(self.words)
        return {"".join(self.words[i:j]) for i in range(count) for j in range(i + 1, count + 1)} - {""}


def find(connection: Connection, players: Sequence[Player], text: str, day: date, season: int) -> Player:
    """Return the one player a text means; UserError, with the names that come near, when it is not one."""
    ((folded, stem),) = connection.rows("select folded(?), without_suffix(?)", [text, text])
    aliases = [
        name
        for (name,) in connection.rows(
            f"select folded(player_name) from {REFERENCE}.player_aliases where folded(printed_name) = ?",
            [folded],
        )
    ]
    wanted = text.strip().lower()
    # From the surest to the loosest; the first that finds anybody decides.
    for found in (
        [player for player in players if wanted in (player.player_id, player.lookup)],
        [player for player in players if folded and player.folded == folded],
        [player for player in players if player.folded in aliases],
        [player for player in players if stem and player.stem == stem],
        [player for player in players if stem in player.parts() or folded in player.parts()],
    ):
        if len(found) == 1:
            return found[0]
        if found:
            raise UserError(_several(connection, text, found, day, season))
    raise UserError(_nobody(connection, text, folded, players))


def everybody(connection: Connection) -> list[Player]:
    """Return all players of the data, and make the macros of raw/names.py."""
    connection.rows(FOLDED)
    rows = connection.rows(
        "select player_id, name, folded(name), without_suffix(name), "
        "list_transform(regexp_split_to_array(name, '[ -]+'), lambda word: folded(word)) "
        f"from ({_FROM_PHASE3 if phase3_is_external() else _FROM_RAW}) order by name, player_id"
    )
    shared: dict[str, int] = {}
    for _, _, folded, *_ in rows:
        shared[folded] = shared.get(folded, 0) + 1
    return [
        Player(
            player_id,
            name,
            folded,
            stem,
            tuple(words),
            f"{folded}_{player_id}" if shared[folded] > 1 else folded,
        )
        for player_id, name, folded, stem, words in rows
    ]


def _several(connection: Connection, text: str, found: Sequence[Player], day: date, season: int) -> str:
    """Say who may be meant: those who played in the date's season, the ones with most games first."""
    played = {} if phase3_is_external() else _games(connection, found, day, season)
    active = [player for player in found if player.player_id in played]
    active.sort(key=lambda player: -played[player.player_id][1])
    said = [
        f"  {player.name} ({player.lookup}): {played[player.player_id][0]}, "
        f"{played[player.player_id][1]} games in {season_name(season)}"
        for player in active[:LISTED]
    ] or [f"  {player.name} ({player.lookup})" for player in found[:LISTED]]
    left = len(found) - len(said)
    if left:
        said.append(f"  and {left} more without" + (f" games in {season_name(season)}" if active else ""))
        if len(active) > LISTED or not active:
            said[-1] = f"  and {left} more"
    example = (active or found)[0].lookup
    return (
        f"{text!r} may be {len(found)} players:\n"
        + "\n".join(said)
        + f"\n  Name one in full or by what stands in brackets: `orchestrate.py explain {example} {day}`"
    )


def _games(
    connection: Connection, found: Sequence[Player], day: date, season: int
) -> dict[str, tuple[str, int]]:
    """Return the team nearest to the date, and the number of box scores, of each in a season."""
    rows = connection.rows(
        "select cast(player_id as varchar), arg_min(team_abbreviation, abs(game_date - ?)), "
        "count(distinct game_id) "
        f"from {RAW}.player_box where season = ? and cast(player_id as varchar) in (select unnest(?)) "
        "group by player_id",
        [day, season_name(season), [player.player_id for player in found]],
    )
    return {player_id: (team, games) for player_id, team, games in rows}


def _nobody(connection: Connection, text: str, folded: str, players: Sequence[Player]) -> str:
    by_key: dict[str, list[str]] = {}
    for player in players:
        for key in {player.folded, player.stem, *player.words}:
            by_key.setdefault(key, []).append(player.name)
    near = connection.rows(
        "select key from (select unnest(?) as key, ? as typed) "
        "where jaro_winkler_similarity(key, typed) > 0.85 "
        "or (length(typed) > 4 and damerau_levenshtein(key, typed) < 3) "
        "order by jaro_winkler_similarity(key, typed) desc, key limit 6",
        [list(by_key), folded],
    )
    names = list(dict.fromkeys(name for (key,) in near for name in by_key[key]))[:6]
    hint = f"did you mean {' or '.join(names)}?" if names else "no name comes near; try the last name alone"
    return f"no player is called {text!r}: {hint}"
