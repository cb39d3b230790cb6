"""Recognises games and players that a second source numbers differently.

A source's own id is the identity. Where a file has games that are stored under ids of another source (same
day, same teams), a crosswalk is derived from them: games by day and teams, players by team, name and points
in those games. Pairs are stored in `nba_raw.crosswalk` and applied to this load and to later ones, so the
store has one id for each game and player. What is not certain is listed, never merged.
"""

from collections.abc import Callable
from datetime import datetime

from orchestrator.core import sql_text
from orchestrator.core.project import RAW
from orchestrator.raw.files import Staging, only_row
from orchestrator.raw.names import prepare_names
from orchestrator.raw.tables import (
    BETTING_LINES,
    GAMES,
    PLAYER_BOX,
    PLAYERS,
    SHOTS,
    TEAM_BOX,
    RawTable,
)

TABLE = "crosswalk"

# status: same (stored under `id`), own (nobody stored is like it), other_name (has the numbers or the place
# of one with another name), unsure (has the name of one or several). All but the first keep the source's id.
COLUMNS = """
    kind varchar, source varchar, source_id varchar, id varchar, status varchar, name varchar,
    candidates varchar[], common_games bigint, evidence varchar
"""

# Two players of one name may be father and son: only one who played so few days before can be meant.
RECENT_DAYS = 730

_IDENTIFYING = ("game_id", "player_id", "player_name", "team_abbreviation", "pts")

_WITH_GAMES = (PLAYER_BOX, TEAM_BOX, SHOTS, BETTING_LINES)

# Games of the files that nothing stored has the id of, and stored games of another source that may be the
# same: the same two teams on that day or a day off. Two teams meet once a day, whoever is at home.
_NEAR = """
    create table crossed.near as
    select
        unknown.game_id, unknown.game_date, unknown.home_team, unknown.away_team,
        coalesce(unknown.source, '') as source, there.game_id as id, there.game_date as stored_date,
        unknown.home_team <> there.home_team as is_swapped,
        unknown.home_score = if(is_swapped, there.away_score, there.home_score)
        and unknown.away_score = if(is_swapped, there.home_score, there.away_score)
        and unknown.home_score > 0 as has_same_score
    from (
        from staged.games
        anti join stored.games using (game_id)
        anti join stored.crosswalk as pairs
            on pairs.kind = 'game' and pairs.source_id = games.game_id
            and pairs.source = coalesce(games.source, '')
    ) as unknown
    cross join (values (-1), (0), (1)) as days (off)
    join stored.games as there
        on there.game_date = unknown.game_date + days.off
        and least(there.home_team, there.away_team) = least(unknown.home_team, unknown.away_team)
        and greatest(there.home_team, there.away_team) = greatest(unknown.home_team, unknown.away_team)
        and there.source is distinct from unknown.source
"""

# All pairs of games.
_GAMES = """
    create table crossed.games as
    select source, source_id as game_id, id, false as is_new from stored.crosswalk where kind = 'game'
    union all
    select source, game_id, id, true from crossed.near where game_date = stored_date
"""

# Whose ids the rows of a game have: those of the source of the game in the files; without it, of the source
# that uses this id.
_SPACES = """
    create table crossed.spaces as
    with
    in_files as (select game_id, coalesce(source, '') as source from staged.games),
    elsewhere as ({elsewhere} except select game_id from in_files),
    placed as (
        from in_files
        union all
        select game_id, min(source) from elsewhere join crossed.games using (game_id) group by all
        union all
        select game_id, coalesce(games.source, '')
        from elsewhere
        join stored.games using (game_id)
        -- A second source may have replaced the rows of a game, but the id is not its own.
        anti join crossed.games as pairs on pairs.id = game_id and pairs.source = coalesce(games.source, '')
        where game_id not in (select game_id from crossed.games)
    )
    select placed.source, placed.game_id, coalesce(pairs.id, placed.game_id) as id
    from placed
    left join crossed.games as pairs using (source, game_id)
    where placed.source in (select source from crossed.games)
"""

_PEOPLE = """
    create table crossed.stored_people as
    select
        player_id, nullif(max(game_date), '-infinity') as last_date,
        arg_max(player_name, game_date) as name, list(distinct player_name) as names
    from (
        select player_id, player_name, game_date from stored.player_box
        union all
        -- Of somebody who has a profile and has not played.
        select player_id, player_name, '-infinity'::date from stored.players
    )
    group by all;

    -- Profiles name no game: they are of the source of the games beside them, if these are of one. Those of
    -- players as stored stay as they are.
    create table crossed.profiles as
    select source, player_id, player_name
    from staged.players, (
        select min(source) as source from crossed.spaces having count(distinct source) = 1
    )
    where
        not exists (from staged.games anti join crossed.spaces using (game_id))
        and (player_id, without_suffix(player_name)) not in (
            select (player_id, without_suffix(name)) from (
                select player_id, unnest(names) as name from crossed.stored_people
            )
        );

    create table crossed.people as
    select source, player_id, min_by(player_name, rank) as name, max(game_date) as game_date
    from (
        select spaces.source, player_id, player_name, game_date, 1 as rank
        from staged.player_box join crossed.spaces using (game_id)
        union all
        select spaces.source, player_id, player_name, game_date, 2
        from staged.shots join crossed.spaces using (game_id)
        union all
        select source, player_id, player_name, null, 0 from crossed.profiles
    )
    group by all;

    -- The form in which names are compared.
    create table crossed.names as
    select name, without_suffix(coalesce(aliases.player_name, name)) as key
    from (
        select name from crossed.people
        union select unnest(names) from crossed.stored_people
        union select name from stored.crosswalk where kind = 'player'
    ) as all_names
    left join (
        select folded(printed_name) as printed, min(player_name) as player_name from aliases group by all
    ) as aliases on folded(name) = aliases.printed;

    create table crossed.stored_keys as
    select distinct player_id, last_date, names.key
    from (select player_id, last_date, unnest(names) as name from crossed.stored_people)
    join crossed.names using (name);

    create table crossed.known as
    select source, source_id::bigint as player_id, id::bigint as id, status, name, candidates, common_games
    from stored.crosswalk where kind = 'player';

    -- Who has his own id in the store without a crosswalk: players of the first source, in its own files.
    create table crossed.at_home as
    select distinct source, player_id
    from (
        select people.source, people.player_id
        from crossed.people join crossed.names using (name) join crossed.stored_keys using (player_id, key)
        union all
        select people.source, people.player_id
        from crossed.people
        join stored.player_box using (player_id)
        join stored.games using (game_id)
        where coalesce(games.source, '') = people.source
    )
    anti join crossed.known using (source, player_id)
    anti join (select source, id as player_id from crossed.known where status = 'same' and id <> player_id)
        as images using (source, player_id);

    create table crossed.open as
    select people.*, names.key, known.player_id is not null as is_known, known.status
    from crossed.people
    left join crossed.names using (name)
    left join crossed.known using (source, player_id)
    anti join crossed.at_home using (source, player_id)
    where known.status is distinct from 'same';

    -- Stored ids that are of a player of the source already.
    create table crossed.taken as
    select source, id from crossed.known
    union select source, player_id from crossed.at_home;
"""

# Each player of the files with each stored one who played for the same team in a common game.
_MEETINGS = """
    create table crossed.meetings as
    select
        files.source, files.player_id, there.player_id as id, count(*) as common,
        coalesce(bool_or(names.key = there_names.key), false) as is_named,
        count(*) filter (files.pts = there.pts) as same_points,
        count(*) filter (files.pts <> there.pts) as other_points,
        -- Sources may lack a column.
        count(*) filter (
            files.pts = there.pts and files.pts > 0 and coalesce(files.oreb = there.oreb, true)
            and coalesce(files.dreb = there.dreb, true) and coalesce(files.ast = there.ast, true)
            and coalesce(files.stl = there.stl, true) and coalesce(files.blk = there.blk, true)
        ) as same_line
    from (
        select box.* exclude (source), spaces.source, spaces.id
        from staged.player_box as box join crossed.spaces using (game_id)
    ) as files
    join crossed.open using (source, player_id)
    join stored.player_box as there
        on there.game_id = files.id and there.team_abbreviation = files.team_abbreviation
    join crossed.names as names on names.name = files.player_name
    join crossed.names as there_names on there_names.name = there.player_name
    where not (open.is_known and there.player_id = files.player_id)
    group by all;

    delete from crossed.meetings using crossed.taken
    where meetings.source = taken.source and meetings.id = taken.id;

    -- Who has played with or against himself is two.
    create table crossed.apart as
    select distinct open.source, open.player_id, there.player_id as id
    from crossed.open
    join stored.player_box as own on own.player_id = open.player_id
    join stored.player_box as there on there.game_id = own.game_id and there.player_id <> own.player_id
    where open.is_known;
"""

_SAME = """
    create table crossed.found as
    with
    likely as (
        select meetings.source, meetings.player_id, meetings.id, common, same_points
        from crossed.meetings
        anti join crossed.apart using (source, player_id, id)
        where is_named and same_points > other_points
        -- Of two with one name it is the one whose points differ less often.
        qualify
            other_points = min(other_points) over (partition by meetings.source, meetings.player_id)
            or other_points = min(other_points) over (partition by meetings.source, meetings.id)
        union
        -- Names that were made one by an alias, after they had been listed.
        select known.source, known.player_id, keys.player_id, known.common_games, null
        from (
            select *, unnest(candidates)::bigint as candidate
            from crossed.known where status = 'other_name'
        ) as known
        join crossed.names using (name)
        join crossed.stored_keys as keys on keys.player_id = known.candidate and keys.key = names.key
        anti join crossed.apart
            on apart.source = known.source and apart.player_id = known.player_id
            and apart.id = keys.player_id
        anti join crossed.taken on taken.source = known.source and taken.id = keys.player_id
    ),
    merged as (
        select source, player_id, id, max(common) as common, max(same_points) as same_points
        from likely group by all
    )
    from merged
    qualify
        count(*) over (partition by source, player_id) = 1
        and count(*) over (partition by source, id) = 1;

    create table crossed.renamed as
    select found.player_id, found.id, stored_people.name
    from crossed.found
    semi join crossed.known using (source, player_id)
    join crossed.stored_people on stored_people.player_id = found.id
    where found.player_id <> found.id;

    create table crossed.unpaired as
    select meetings.*
    from crossed.meetings
    anti join crossed.found
        on found.source = meetings.source and found.player_id = meetings.player_id
    anti join crossed.found as gone on gone.source = meetings.source and gone.id = meetings.id;

    create table crossed.listed as
    with
    reasons as (
        select source, player_id, 1 as rank, 'unsure' as status, 'has the name of ' as evidence, id, common
        from crossed.unpaired where is_named
        union all
        select source, player_id, 2, 'other_name', 'has the numbers of ', id, common
        from crossed.unpaired where same_line > 0
        union all
        select source, player_id, 3, 'other_name', 'is in the place of ', id, common from crossed.unpaired
        union all
        select
            open.source, open.player_id, 4, 'unsure', 'has the name of, but no common game with, ',
            keys.player_id, 0
        from crossed.open
        join crossed.stored_keys as keys using (key)
        anti join crossed.found
            on found.source = open.source and found.player_id = open.player_id
        anti join crossed.found as gone on gone.source = open.source and gone.id = keys.player_id
        anti join crossed.taken on taken.source = open.source and taken.id = keys.player_id
        where
            keys.player_id <> open.player_id
            and coalesce(abs(open.game_date - keys.last_date) <= {recent}, true)
    )
    select
        best.source, best.player_id, any_value(best.status) as status, max(best.common) as common,
        list(best.id::varchar order by best.id) as candidates,
        any_value(best.evidence)
        || string_agg(stored_people.name || ' (' || best.id || ')', ', ' order by best.id) as evidence
    from (from reasons qualify rank = min(rank) over (partition by source, player_id)) as best
    join crossed.stored_people on stored_people.player_id = best.id
    group by best.source, best.player_id;

    create table crossed.same as
    select pairs.*, stored_people.name
    from (
        select source, player_id, id from crossed.known where status = 'same'
        union all
        select source, player_id, id from crossed.found
    ) as pairs
    left join crossed.stored_people on stored_people.player_id = pairs.id;

    -- What this load adds to the crosswalk.
    create table crossed.added as
    select
        'game' as kind, near.source, near.game_id as source_id, near.id, 'same' as status, null as name,
        null::varchar[] as candidates, null as common_games, 'same day and teams' as evidence
    from crossed.near where game_date = stored_date
    union all
    select
        'player', found.source, found.player_id::varchar, found.id::varchar, 'same',
        coalesce(people.name, known.name), null, found.common,
        case
            when same_points is null then 'an alias, and the numbers'
            else format('same team, name and points in {{}} of {{}} common games', same_points, found.common)
        end
    from crossed.found
    left join crossed.people on people.source = found.source and people.player_id = found.player_id
    left join crossed.known on known.source = found.source and known.player_id = found.player_id
    union all
    select
        'player', open.source, open.player_id::varchar, open.player_id::varchar,
        coalesce(listed.status, 'own'), open.name,
        listed.candidates, listed.common, listed.evidence
    from crossed.open as open
    left join crossed.listed on listed.source = open.source and listed.player_id = open.player_id
    anti join crossed.found on found.source = open.source and found.player_id = open.player_id
    where not open.is_known or (open.status = 'own' and listed.player_id is not null);
"""


class Crosswalk:
    """The crosswalk of a load: what is stored of it, and what the files add."""

    def __init__(self, staging: Staging, staged: list[RawTable], inform: Callable[[str], None]):
        self._con, self._faults, self._note = staging.con, staging.faults, staging.note
        self._staged = staged
        self._inform = inform
        self._is_used = False
        """Whether any source needs one; otherwise nothing is changed, and no table is made."""

    def apply(self) -> None:
        """Derive what is new, and give the staged rows the ids of the store."""
        con = self._con
        self._is_stored = self._one(
            "select exists (from duckdb_tables() where database_name = 'warehouse' "
            f"and schema_name = '{RAW}' and table_name = '{TABLE}')"
        )[0]
        con.execute(f"create schema crossed; create table crossed.none ({COLUMNS})")
        there = f"select * exclude (ingested_at) from warehouse.{RAW}.{TABLE}"
        con.execute(f"create view stored.{TABLE} as {there if self._is_stored else 'from crossed.none'}")
        needed = ("game_id", "game_date", "home_team", "away_team", "source")
        if not self._faults.sound(GAMES, *needed):
            return
        self._refuse_two_sources()
        con.execute(_NEAR)
        self._refuse_games_in_doubt()
        if not self._faults.sound(GAMES, *needed):
            return
        con.execute(_GAMES)
        self._is_used = self._one("select exists (from crossed.games)")[0]
        if self._is_used:
            self._make_pairs()
            if all(self._faults.sound(table, *_IDENTIFYING) for table in (PLAYER_BOX, SHOTS)):
                self._refuse_taken_ids()
                self._note_new()
            self._translate()
            self._refuse_doubles()
        self._refuse_strangers()

    def check(self) -> None:
        """Refuse a game that would have one player under two ids; the views `after` are there."""
        if not self._is_used or self._faults.messages:
            return
        count, example = self._one(
            """
            with
            played as (
                select game_id, player_id from after.player_box
                union select game_id, player_id from after.shots
            ),
            doubted as (
                select source, source_id, name, evidence, unnest(candidates)::bigint as candidate
                from (
                    from crossed.added
                    union all by name
                    from stored.crosswalk anti join crossed.added using (kind, source, source_id)
                )
            )
            select count(*), min(format(
                'game {}: {} has the id {} of {}, and {}', own.game_id, name, source_id, source, evidence
            ))
            from doubted
            join played as own on own.player_id = doubted.source_id::bigint
            join played as other on other.game_id = own.game_id and other.player_id = doubted.candidate
            -- Once the source has somebody else there, the two are two.
            anti join crossed.same on same.source = doubted.source and same.id = doubted.candidate
            where own.game_id in (select game_id from staged.touched_games)
            """
        )
        if count:
            self._faults.add(
                PLAYER_BOX,
                ["player_id"],
                f"{count:,} times a game would have a player under two ids; e.g. {example}",
                "Load the source's box scores and shots of these games together, and pair the names in "
                "seeds/player_aliases.csv where they are one player",
            )

    def write(self, now: datetime) -> None:
        """Store what is new; a player whose listed id has been paired takes his stored rows along."""
        if not self._is_used:
            return
        con, path = self._con, f"warehouse.{RAW}.{TABLE}"
        if not self._is_stored:
            con.execute(f"create table {path} ({COLUMNS}, ingested_at timestamp)")
        con.execute(
            f"delete from {path} as old using crossed.added as new "
            "where old.kind = new.kind and old.source = new.source and old.source_id = new.source_id"
        )
        con.execute(
            f"insert into {path} by name select *, ?::timestamp as ingested_at from crossed.added", [now]
        )
        if not self._one("select exists (from crossed.renamed)")[0]:
            return
        players = f"warehouse.{RAW}.{PLAYERS.name}"
        con.execute(
            f"delete from {players} as kept using crossed.renamed as renamed "
            f"where kept.player_id = renamed.player_id and renamed.id in (select player_id from {players})"
        )
        for table in (PLAYER_BOX, SHOTS, PLAYERS):
            name = "" if table is SHOTS else ", player_name = renamed.name"
            con.execute(
                f"update warehouse.{RAW}.{table.name} as kept set player_id = renamed.id{name} "
                "from crossed.renamed as renamed where kept.player_id = renamed.player_id"
            )

    # --- games ----------------------------------------------------------------------------------

    def _refuse_two_sources(self) -> None:
        """Files of two sources with the same games: neither is stored, so neither's ids are the store's."""
        count, example = self._one(
            """
            select count(*), min(format('{} and {} on {}', games.game_id, other.game_id, game_date))
            from staged.games join staged.games as other using (game_date)
            where
                games.game_id < other.game_id
                and games.source is distinct from other.source
                and least(games.home_team, games.away_team) = least(other.home_team, other.away_team)
                and greatest(games.home_team, games.away_team) = greatest(other.home_team, other.away_team)
            """
        )
        if count:
            self._faults.add(
                GAMES,
                ["source"],
                f"{GAMES.file}: {count:,} games stand in it twice, from two sources; e.g. games {example}",
                "Load one source after the other, from folders of their own",
            )

    def _refuse_games_in_doubt(self) -> None:
        con = self._con
        twice = con.execute(
            "select game_id, id, game_date from crossed.near where game_date = stored_date "
            "qualify count(*) over (partition by source, game_id) > 1 "
            "or count(*) over (partition by source, id) > 1 order by all"
        ).fetchall()
        if twice:
            game, other, day = twice[0]
            self._faults.add(
                GAMES,
                ["game_id"],
                f"{GAMES.file}: {len(twice):,} times a game of another source is not one stored game but "
                f"several, or the other way round; e.g. {game} and stored {other} on {day}",
                "Leave out the one that was not played",
            )
        # A game that neither source has on the other's day: where the scores are equal, it is one game.
        count, certain, example = self._one(
            """
            select
                count(*), count(*) filter (has_same_score),
                min(format('{}, but stored game {} is of {}', which, id, stored_date))
            from (
                select
                    *, format('game {} {}-{} of {}', game_id, away_team, home_team, game_date) as which
                from crossed.near as far
                where
                    game_date <> stored_date
                    and has_same_score is distinct from false
                    and id not in (select id from crossed.near where game_date = stored_date)
                    and id not in (
                        select id from stored.crosswalk where kind = 'game' and source = far.source
                    )
                    and game_id not in (select game_id from crossed.near where game_date = stored_date)
            )
            """
        )
        what = f"{count:,} games of another source are stored a day off under another id; e.g. {example}"
        if certain:
            self._faults.add(
                GAMES,
                ["game_date"],
                f"{GAMES.file}: {what}",
                "Correct the date: in UTC a late game falls on the next day",
            )
        elif count:
            self._note(
                f"{GAMES.file}: {what}; they are loaded as other games. Correct the date if they are not"
            )

    # --- players --------------------------------------------------------------------------------

    def _make_pairs(self) -> None:
        con = self._con
        prepare_names(con)
        elsewhere = " union ".join(f"select game_id from staged.{table.name}" for table in _WITH_GAMES)
        con.execute(_SPACES.format(elsewhere=elsewhere))
        con.execute(_PEOPLE)
        con.execute(_MEETINGS)
        con.execute(_SAME.format(recent=RECENT_DAYS))

    def _refuse_taken_ids(self) -> None:
        """An id that nobody recognised, and that is somebody else's in the store, would merge the two."""
        count, example = self._one(
            """
            select count(*), min(format(
                '{} is {} in the files of {} and {} in the store', added.source_id,
                coalesce(added.name, 'nobody by name'), added.source, stored_people.name
            ))
            from crossed.added
            anti join crossed.known
                on known.source = added.source and known.player_id::varchar = added.source_id
            join crossed.stored_people on stored_people.player_id::varchar = added.source_id
            where added.kind = 'player' and added.status <> 'same'
            """
        )
        if count:
            self._faults.add(
                PLAYER_BOX,
                ["player_id"],
                f"{PLAYER_BOX.file}: {count:,} player ids are those of others in the store; e.g. {example}",
                "Load them with games that are stored also, so that they can be recognised, or give these "
                "players other ids in a mapping",
            )

    def _note_new(self) -> None:
        for source, games, players in self._con.execute(
            "select source, count(*) filter (kind = 'game'), count(*) filter (kind = 'player') "
            "from crossed.added where status = 'same' group by all order by all"
        ).fetchall():
            self._inform(
                f"{games:,} games and {players:,} players of {source or 'a source without a name'} are "
                f"stored under other ids: recognised, and noted in {RAW}.{TABLE}"
            )
        count, example = self._one(
            "select count(*), min(format('game {}', id)) from crossed.near "
            "where game_date = stored_date and is_swapped"
        )
        if count:
            self._note(
                f"{GAMES.file}: {count:,} games have home and away the other way round than stored; "
                f"e.g. {example}; what the files say counts"
            )
        count, examples = self._one(
            "select count(*), string_agg(what, '; ' order by what) filter (number <= 3) from ("
            "select format('{} ({}) {}', coalesce(name, 'somebody'), source_id, evidence) as what, "
            "row_number() over (order by what) as number "
            "from crossed.added where status not in ('same', 'own'))"
        )
        if count:
            self._note(
                f"{count:,} players of another source may be stored under another id, and keep their own; "
                f"e.g. {examples}. {RAW}.{TABLE} lists them (status unsure or other_name). Where two names "
                "are of one player, add the pair to seeds/player_aliases.csv and load again; where there is "
                "no common game, load one that both sources have"
            )

    def _translate(self) -> None:
        """Give the staged rows the ids of the store, and its names: player_lookup is made from them."""
        if not self._one("select exists (from crossed.spaces)")[0]:
            return
        for table in (GAMES, *_WITH_GAMES):
            if table not in self._staged:
                continue
            replaced = "coalesce(spaces.id, rows.game_id) as game_id"
            join = "left join crossed.spaces on spaces.game_id = rows.game_id"
            if table in (PLAYER_BOX, SHOTS):
                replaced += ", coalesce(same.id, rows.player_id) as player_id"
                join += " left join crossed.same"
                join += " on same.source = spaces.source and same.player_id = rows.player_id"
            if table is PLAYER_BOX:
                replaced += ", coalesce(same.name, rows.player_name) as player_name"
            self._con.execute(
                f"create or replace table staged.{table.name} as "
                f"select rows.* replace ({replaced}) from staged.{table.name} as rows {join}"
            )
        if PLAYERS in self._staged:
            self._con.execute(
                "create or replace table staged.players as select rows.* replace ("
                "coalesce(same.id, rows.player_id) as player_id, "
                "coalesce(same.name, rows.player_name) as player_name) from staged.players as rows "
                "left join (from crossed.same semi join crossed.profiles using (source, player_id)) as same "
                "using (player_id)"
            )

    def _refuse_doubles(self) -> None:
        if self._faults.messages:
            return
        for table in (GAMES, PLAYER_BOX, TEAM_BOX, PLAYERS):
            assert table.key
            key = ", ".join(table.key)
            found = self._con.execute(
                f"select {key} from staged.{table.name} group by all having count(*) > 1 order by all"
            ).fetchall()
            if found:
                self._faults.add(
                    table,
                    table.key,
                    f"{table.file}: {len(found):,} rows stand in it under two ids of one; e.g. "
                    f"{sql_text.pairs(table.key, found[0])} as stored",
                    f"Leave out one of the two ({RAW}.{TABLE} says which ids are one)",
                )

    def _refuse_strangers(self) -> None:
        """A new source without a common game, whose players are stored under other ids: each would be two."""
        if PLAYER_BOX not in self._staged or not self._faults.sound(
            PLAYER_BOX, "game_id", "player_id", "player_name"
        ):
            return
        con = self._con
        strangers = (
            "from staged.player_box as box join staged.games using (game_id) where "
            "not exists (from stored.games as there where there.source is not distinct from games.source)"
        )
        used = "and coalesce(games.source, '') not in (select source from crossed.games)" * self._is_used
        if not self._one(f"select exists (from stored.games) and exists ({strangers} {used})")[0]:
            return
        prepare_names(con)
        source, others, own, example = self._one(
            f"""
            with
            people as (
                select distinct games.source, box.player_id, without_suffix(box.player_name) as key,
                    box.player_name
                {strangers} {used}
            ),
            there as (select distinct player_id, without_suffix(player_name) as key from stored.player_box),
            met as (
                select
                    people.source, people.player_id, any_value(people.player_name) as name,
                    min(there.player_id) as stored_id, bool_or(there.player_id = people.player_id) as is_own
                from people join there using (key) group by all
            )
            select
                any_value(source), count(*) filter (not is_own), count(*) filter (is_own),
                min(format('{{}} is {{}} in the files and {{}} in the store', name, player_id, stored_id))
                    filter (not is_own)
            from met
            """
        )
        if others > own:
            self._faults.add(
                PLAYER_BOX,
                ["player_id"],
                f"{PLAYER_BOX.file}: {others:,} players are stored under other ids, and the files of "
                f"{source or 'this source'} have no game in common with the store by which to recognise "
                f"them; e.g. {example}",
                "Load these files together with some games that are stored also, a month or more",
            )

    def _one(self, query: str) -> tuple:
        return only_row(self._con.execute(query))
