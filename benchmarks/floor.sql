-- The Phase 4 tables as one plain DuckDB script: raw files in, six tables out, no dbt. It is the
-- speed floor of the benchmark and an independent implementation of the contract, so it shares no
-- code with the models, only two seeds (nba_teams, player_aliases).
--
-- floor.py sets session variables (start_date, end_date, seeds_dir) and creates a view of each
-- raw file.
--
-- Running windows are computed once per game and numbered (`seq`). The row known before a date is
-- then the one whose `seq` is the number of games before that date: an equality join.

set preserve_insertion_order = false;

-- A mean is NULL unless the value is known in at least half of the window's games.
create temp macro if_half_known(number, known, games) as if(2 * known >= games, number, null);

-- Names as lookups. Letters that accent stripping does not decompose are spelled out.
create temp macro fold(name) as regexp_replace(
    replace(replace(replace(replace(
        translate(lower(strip_accents(name)), 'đøłðıħ', 'doldih'),
        'æ', 'ae'), 'œ', 'oe'), 'ß', 'ss'), 'þ', 'th'),
    '[^a-z0-9]', '', 'g'
);

create temp macro fold_without_suffix(name) as fold(
    regexp_replace(lower(trim(name)), '[ ,.]+(jr|sr|ii|iii|iv|v)[.]?$', '')
);

-- ---------------------------------------------------------------- schedule and calendar

create temp table schedule as
with
games as (
    select
        game_id,
        game_date,
        coalesce(
            try_cast(season[:4] as bigint), year(game_date) - (month(game_date) < 10)::int
        ) as season_year,
        season_type,
        home_team,
        away_team,
        home_is_nba,
        away_is_nba,
        coalesce(home_score + away_score > 0, false) as is_played,
        coalesce(game_status ilike '%postponed%' or game_status ilike '%cancel%', false)
            as is_called_off
    from raw_games
    qualify row_number() over (partition by game_id) = 1
)
select
    * exclude (is_called_off),
    -- A game without a score that is older than the newest played game was not played, and is
    -- dropped.
    home_is_nba and away_is_nba
        and season_type in ('regular', 'play_in', 'playoffs')
        and (is_played or not (
            is_called_off
            or coalesce(game_date < (select max(game_date) from games where is_played), false)
        )) as counts
from games
where season_year >= (
    select min(season_year) from games where game_date >= getvariable('start_date')
)
    and game_date <= getvariable('end_date');

set variable season_open = (select min(game_date) from schedule);

create temp table team_schedule as
select
    s.game_id,
    s.game_date,
    s.season_year,
    s.season_type,
    s.is_played,
    side.is_home,
    if(side.is_home, s.home_team, s.away_team) as team_abbr,
    if(side.is_home, s.away_team, s.home_team) as opponent_team_abbr
from schedule as s
cross join (values (true), (false)) as side (is_home)
where s.counts;

create temp table calendar as
with
opening as (
    select
        season_year,
        coalesce(min(game_date) filter (season_type = 'regular'), min(game_date)) as opening_night
    from schedule
    where counts
    group by all
),
dates as (
    select distinct game_date, season_year from schedule where counts
)
select
    d.game_date,
    d.season_year,
    d.idx,
    max(d.idx) over (partition by d.season_year) as season_last_idx,
    d.game_date - o.opening_night between 0 and 13 as is_bootstrap,
    d.game_date >= getvariable('start_date') as in_window,
    in_window and not is_bootstrap as is_built,
    min(case when is_built then d.idx end) over (partition by d.season_year) as season_first_idx
from (select *, row_number() over (order by game_date) as idx from dates) as d
inner join opening as o using (season_year);

create temp table teams as
select home_team as team_abbr from raw_games where home_is_nba
union
select away_team from raw_games where away_is_nba;

-- ---------------------------------------------------------------- player identity

create temp table identity as
with
named as (
    select player_id, max_by(player_name, game_date) as player_name
    from (
        select player_id, player_name, game_date
        from raw_player_box
        union all
        select player_id, player_name, date '0001-01-01' from raw_players
    )
    group by player_id
),
folded as (
    select
        player_id,
        fold(player_name) as folded_name,
        fold_without_suffix(player_name) as name_stem
    from named
)
select
    player_id,
    folded_name,
    name_stem,
    player_id::varchar as universal_player_id,
    folded_name || if(
        count(*) over (partition by folded_name) > 1, '_' || player_id::varchar, ''
    ) as player_lookup
from folded;

-- ---------------------------------------------------------------- one row per player and game

create temp table shot_totals as
select
    game_id,
    player_id,
    sum((shot_type[1] = '2' and shot_distance <= 8)::int)::double as paint_a,
    sum((shot_type[1] = '2' and shot_distance <= 8 and shot_made)::int)::double as paint_m,
    sum((shot_type[1] = '2' and shot_distance > 8)::int)::double as mid_a,
    sum((shot_type[1] = '2' and shot_distance > 8 and shot_made)::int)::double as mid_m
from raw_shots
where game_date between getvariable('season_open') and getvariable('end_date')
group by game_id, player_id;

create temp table team_box as
select
    b.game_id,
    s.game_date,
    s.season_year,
    s.team_abbr,
    s.opponent_team_abbr,
    b.wl = 'W' as win,
    b.pts::double as points,
    -- Playoff rows give the length of the game (48, 53), other rows the minutes of all players
    -- (240, 265).
    if(b.min < 120, b.min * 5, b.min) / 5 as game_minutes,
    b.fga + 0.44::double * b.fta + b.tov as plays,
    b.fga + 0.44::double * b.fta - b.oreb + b.tov as possessions
from raw_team_box as b
inner join team_schedule as s
    on b.game_id = s.game_id and b.team_abbreviation = s.team_abbr
qualify row_number() over (partition by b.game_id, b.team_id) = 1;

create temp table player_games as
select
    b.player_id,
    b.game_id,
    s.game_date,
    s.game_date - date '2000-01-01' as day,
    s.season_year,
    s.season_type,
    s.team_abbr,
    s.opponent_team_abbr,
    s.is_home,
    coalesce(greatest(b.min, b.fga, b.pts) > 0, false)
        or b.min is null and (b.floor_numbers > 0 or coalesce(b.plus_minus != 0, false))
        as is_active,
    b.min::double as minutes,
    b.pts::double as points,
    b.ftm::double as ftm,
    100 * (b.fga + 0.44::double * b.fta + b.tov) * t.game_minutes
        / nullif(b.min * t.plays, 0) as usage_rate,
    b.pts / nullif(2 * (b.fga + 0.44::double * b.fta), 0) as ts_pct,
    z.game_id is not null as has_zones,
    if(z.game_id is not null, coalesce(x.paint_a, 0), null) as paint_a,
    if(z.game_id is not null, coalesce(x.paint_m, 0), null) as paint_m,
    if(z.game_id is not null, coalesce(x.mid_a, 0), null) as mid_a,
    if(z.game_id is not null, coalesce(x.mid_m, 0), null) as mid_m,
    -- Threes come from the box score; it and the shots disagree in three player-games.
    if(z.game_id is not null, b.fg3a, null) as three_a,
    if(z.game_id is not null, b.fg3m, null) as three_m
from (
    select
        game_id, player_id, team_abbreviation, min, pts, fga, fg3a::double as fg3a,
        fg3m::double as fg3m, fta, ftm, tov, plus_minus,
        coalesce(greatest(fta, oreb, dreb, reb, ast, stl, blk, tov, pf), 0) as floor_numbers
    from raw_player_box
    where game_date between getvariable('season_open') and getvariable('end_date')
    qualify row_number() over (partition by game_id, player_id) = 1
) as b
inner join team_schedule as s
    on b.game_id = s.game_id and b.team_abbreviation = s.team_abbr
left join team_box as t
    on s.game_id = t.game_id and s.team_abbr = t.team_abbr
left join (select distinct game_id from shot_totals) as z on b.game_id = z.game_id
left join shot_totals as x on b.game_id = x.game_id and b.player_id = x.player_id;

-- ---------------------------------------------------------------- player windows, per game

create temp table player_state as
with
windows as (
    select
        player_id,
        season_year,
        game_date,
        team_abbr,
        lead(game_date) over season as next_date,
        row_number() over season as seq,
        least(seq, 10) as games_10,
        count(points) over last_10 as known_points,
        avg(points) over last_2 as points_2,
        if_half_known(
            avg(points) over from_3_to_5, count(points) over from_3_to_5, 3
        ) as points_3_to_5,
        if_half_known(avg(points) over last_5, count(points) over last_5, least(seq, 5))
            as points_5,
        if_half_known(avg(points) over last_10, known_points, games_10) as points_10,
        if_half_known(avg(points) over season, count(points) over season, seq) as points_season,
        if_half_known(stddev_samp(points) over last_10, known_points, games_10) as points_std_10,
        if_half_known(avg(minutes) over last_10, count(minutes) over last_10, games_10)
            as minutes_10,
        if_half_known(avg(minutes) over season, count(minutes) over season, seq)
            as minutes_season,
        if_half_known(avg(usage_rate) over last_10, count(usage_rate) over last_10, games_10)
            as usage_10,
        if_half_known(avg(usage_rate) over season, count(usage_rate) over season, seq)
            as usage_season,
        if_half_known(avg(ts_pct) over last_10, count(ts_pct) over last_10, games_10) as ts_10,
        sum(ftm) over last_10 as ftm_10,
        sum(if(ftm is null, null, points)) over last_10 as ft_points_10,
        count(ftm) over last_10 as ft_games_10,
        count(paint_a) over last_10 as zone_games_10,
        sum(paint_a) over last_10 as paint_a,
        sum(paint_m) over last_10 as paint_m,
        sum(mid_a) over last_10 as mid_a,
        sum(mid_m) over last_10 as mid_m,
        sum(three_a) over last_10 as three_a,
        sum(three_m) over last_10 as three_m,
        count(paint_a) over last_20 as zone_games_20,
        sum(paint_a) over last_20 as paint_a_20,
        sum(paint_m) over last_20 as paint_m_20,
        sum(paint_a + mid_a + three_a) over last_20 as shots_20
    from player_games
    where is_active
    window
        season as (partition by player_id, season_year order by game_date, game_id
            rows between unbounded preceding and current row),
        last_2 as (partition by player_id, season_year order by game_date, game_id
            rows between 1 preceding and current row),
        from_3_to_5 as (partition by player_id, season_year order by game_date, game_id
            rows between 4 preceding and 2 preceding),
        last_5 as (partition by player_id, season_year order by game_date, game_id
            rows between 4 preceding and current row),
        last_10 as (partition by player_id, season_year order by game_date, game_id
            rows between 9 preceding and current row),
        last_20 as (partition by player_id, season_year order by game_date, game_id
            rows between 19 preceding and current row)
),
gated as (
    select
        *,
        seq >= 10 as has_shot_zones,
        has_shot_zones and zone_games_10 >= 7 as zones_10,
        seq >= 15 and zone_games_20 >= 15 as zones_20,
        if(zones_10, nullif(paint_a + mid_a + three_a, 0), null) as shots_10
    from windows
)
select
    g.* exclude (
        shots_10, zones_10, zones_20, paint_a, paint_m, mid_a, mid_m, three_a, three_m,
        zone_games_20, paint_a_20, paint_m_20, shots_20, games_10, known_points
    ),
    c.idx,
    n.idx as next_idx,
    c.season_first_idx,
    c.season_last_idx,
    100 * paint_a / shots_10 as paint_rate_last_10,
    100 * mid_a / shots_10 as mid_range_rate_last_10,
    100 * three_a / shots_10 as three_pt_rate_last_10,
    shots_10::bigint as total_shots_last_10,
    if(zones_10, paint_m / nullif(paint_a, 0), null) as paint_pct_last_10,
    if(zones_10, mid_m / nullif(mid_a, 0), null) as mid_range_pct_last_10,
    if(zones_10, three_m / nullif(three_a, 0), null) as three_pt_pct_last_10,
    if(zones_10, paint_a / zone_games_10, null) as paint_attempts_per_game,
    if(zones_10, mid_a / zone_games_10, null) as mid_range_attempts_per_game,
    if(zones_10, three_a / zone_games_10, null) as three_pt_attempts_per_game,
    if(zones_20, 100 * paint_a_20 / nullif(shots_20, 0), null) as paint_rate_last_20,
    if(zones_20, paint_m_20 / nullif(paint_a_20, 0), null) as paint_pct_last_20,
    case
        when paint_rate_last_10 is null then null
        when paint_rate_last_10 >= 40 then 'paint'
        when three_pt_rate_last_10 >= 40 then 'perimeter'
        when mid_range_rate_last_10 >= 35 then 'mid_range'
        else 'balanced'
    end as primary_scoring_zone,
    case
        when zone_games_10 >= 10 then 'excellent'
        when zone_games_10 >= 7 then 'good'
        when zone_games_10 >= 5 then 'limited'
        else 'insufficient'
    end as sample_quality_10,
    case
        when seq < 15 then null
        when zone_games_20 >= 20 then 'excellent'
        when zone_games_20 >= 14 then 'good'
        when zone_games_20 >= 10 then 'limited'
        else 'insufficient'
    end as sample_quality_20
from gated as g
inner join calendar as c on g.game_date = c.game_date
left join calendar as n on g.next_date = n.game_date;

-- ---------------------------------------------------------------- box scores that have not come

-- Every game of every team, with its number among the team's played games. A played game without
-- box-score rows is missing; from the day after the first box score of its kind on, it is a hole.
create temp table fixtures as
select
    s.*,
    b.game_id is not null as has_box,
    k.first_box,
    count(*) filter (s.is_played) over (
        partition by s.team_abbr, s.season_year order by s.game_date, s.game_id
        rows between unbounded preceding and current row
    ) as played_seq
from team_schedule as s
left join (select distinct game_id, team_abbr from player_games) as b
    on s.game_id = b.game_id and s.team_abbr = b.team_abbr
left join (
    select season_year, season_type, min(game_date) as first_box from player_games group by all
) as k
    on s.season_year = k.season_year and s.season_type = k.season_type;

-- Tonight's games, and past games that keep their slate until the box score arrives.
create temp table slate as
select
    p.player_id,
    f.game_id,
    f.game_date,
    f.season_year,
    f.season_type,
    f.team_abbr,
    f.opponent_team_abbr,
    f.is_home
from fixtures as f
inner join player_state as p
    on f.team_abbr = p.team_abbr
    and f.season_year = p.season_year
    and p.game_date between f.game_date - 30 and f.game_date - 1
    and (p.next_date is null or p.next_date >= f.game_date)
where f.game_date >= getvariable('start_date')
    and (not f.is_played or (not f.has_box and f.first_box <= f.game_date))
    -- A player who appears for his new team is no longer expected by the old one.
    and not exists (
        from player_games as g
        where g.player_id = p.player_id and g.game_date = f.game_date and g.game_id != f.game_id
    );

-- ---------------------------------------------------------------- team windows

create temp table team_games as
with
zones as (
    select
        game_id,
        team_abbr,
        sum(paint_a) as paint_a,
        sum(paint_m) as paint_m,
        sum(mid_a) as mid_a,
        sum(mid_m) as mid_m,
        sum(three_a) as three_a,
        sum(three_m) as three_m
    from player_games
    where has_zones
    group by all
)
select
    own.game_id,
    own.game_date,
    own.season_year,
    own.team_abbr,
    own.win,
    opp.points as points_allowed,
    48 * (own.possessions + opp.possessions) / 2 / own.game_minutes as pace,
    100 * own.points / own.possessions as off_rating,
    100 * opp.points / opp.possessions as def_rating,
    zones.* exclude (game_id, team_abbr)
from team_box as own
left join team_box as opp
    on own.game_id = opp.game_id and own.opponent_team_abbr = opp.team_abbr
left join zones on opp.game_id = zones.game_id and opp.team_abbr = zones.team_abbr;

create temp table team_state as
select
    team_abbr,
    season_year,
    row_number() over season as seq,
    if_half_known(avg(win::int) over season, count(win) over season, seq) as win_pct,
    if_half_known(avg(pace) over last_10, count(pace) over last_10, least(seq, 10)) as pace_10,
    if_half_known(avg(off_rating) over last_10, count(off_rating) over last_10, least(seq, 10))
        as off_rating_10,
    if_half_known(avg(def_rating) over last_15, count(def_rating) over last_15, least(seq, 15))
        as def_rating_15,
    if_half_known(avg(pace) over last_15, count(pace) over last_15, least(seq, 15)) as pace_15,
    if_half_known(
        avg(points_allowed) over last_15, count(points_allowed) over last_15, least(seq, 15)
    ) as points_allowed_15,
    count(paint_a) over last_15 as zone_games_15,
    sum(paint_m) over last_15 / nullif(sum(paint_a) over last_15, 0) as paint_pct,
    sum(mid_m) over last_15 / nullif(sum(mid_a) over last_15, 0) as mid_pct,
    sum(three_m) over last_15 / nullif(sum(three_a) over last_15, 0) as three_pct,
    sum(paint_a) over last_15 / nullif(zone_games_15, 0) as paint_per_game,
    sum(mid_a) over last_15 / nullif(zone_games_15, 0) as mid_per_game,
    sum(three_a) over last_15 / nullif(zone_games_15, 0) as three_per_game
from team_games
window
    season as (partition by team_abbr, season_year order by game_date, game_id
        rows between unbounded preceding and current row),
    last_10 as (partition by team_abbr, season_year order by game_date, game_id
        rows between 9 preceding and current row),
    last_15 as (partition by team_abbr, season_year order by game_date, game_id
        rows between 14 preceding and current row);

-- One row per team and game date, whether or not the team plays: what was known of it that
-- morning.
create temp table team_days as
with
played as (
    select
        c.game_date,
        c.season_year,
        c.is_built,
        t.team_abbr,
        g.game_id,
        count(g.game_id) over before as seq,
        max(s.game_date) over before as last_scheduled,
        count(*) filter (s.is_played) over before as expected_games,
        count(*) filter (s.is_played and s.has_box) over before as actual_games,
        max(s.game_date) filter (not s.has_box) over before as last_gap,
        count(g.paint_a) over last_30_days as zone_games_30,
        sum(g.paint_m) over last_30_days / nullif(sum(g.paint_a) over last_30_days, 0)
            as paint_pct_30,
        sum(g.mid_m) over last_30_days / nullif(sum(g.mid_a) over last_30_days, 0)
            as mid_pct_30,
        sum(g.three_m) over last_30_days / nullif(sum(g.three_a) over last_30_days, 0)
            as three_pct_30
    from calendar as c
    cross join teams as t
    left join fixtures as s on c.game_date = s.game_date and t.team_abbr = s.team_abbr
    left join team_games as g on s.game_id = g.game_id and s.team_abbr = g.team_abbr
    window
        before as (partition by t.team_abbr, c.season_year order by c.game_date
            range between unbounded preceding and interval 1 day preceding),
        last_30_days as (partition by t.team_abbr, c.season_year order by c.game_date
            range between interval 30 days preceding and interval 1 day preceding)
),
league as (
    select
        game_date,
        count(*) >= 10 as is_measured,
        if(is_measured, avg(paint_pct_30), 0.580) as paint_pct,
        if(is_measured, avg(mid_pct_30), 0.410) as mid_pct,
        if(is_measured, avg(three_pct_30), 0.355) as three_pct
    from played
    where zone_games_30 >= 10
    group by game_date
)
select
    p.game_date,
    p.season_year,
    p.is_built,
    p.team_abbr,
    p.seq,
    p.last_scheduled,
    p.expected_games,
    p.actual_games,
    p.last_gap,
    exists (
        from fixtures as f
        where f.is_played and not f.has_box
            and f.team_abbr = p.team_abbr
            and f.season_year = p.season_year
            and f.played_seq between p.expected_games - 9 and p.expected_games
            and f.first_box < p.game_date
    ) as has_hole,
    coalesce(s.seq >= 15, false) as has_defense,
    has_defense and s.zone_games_15 >= 10 as has_zones,
    s.* exclude (
        team_abbr, season_year, seq, paint_pct, mid_pct, three_pct,
        paint_per_game, mid_per_game, three_per_game
    ),
    if(has_zones, s.paint_pct, null) as paint_pct,
    if(has_zones, s.mid_pct, null) as mid_pct,
    if(has_zones, s.three_pct, null) as three_pct,
    if(has_zones, s.paint_per_game, null) as paint_per_game,
    if(has_zones, s.mid_per_game, null) as mid_per_game,
    if(has_zones, s.three_per_game, null) as three_per_game,
    if(has_zones, 100 * (s.paint_pct - coalesce(l.paint_pct, 0.580)), null) as paint_vs,
    if(has_zones, 100 * (s.mid_pct - coalesce(l.mid_pct, 0.410)), null) as mid_vs,
    if(has_zones, 100 * (s.three_pct - coalesce(l.three_pct, 0.355)), null) as three_vs,
    if(l.is_measured, 'measured', 'constant') as league_average_source
from played as p
left join team_state as s using (team_abbr, season_year, seq)
left join league as l on p.game_date = l.game_date;

-- ---------------------------------------------------------------- participants and what was known

create temp table appearances as
with
known_days as (
    select
        player_id, game_id, game_date, day, season_year, season_type, team_abbr,
        opponent_team_abbr, is_home, is_active, minutes, usage_rate, false as is_slate
    from player_games
    union all
    select
        player_id, game_id, game_date, game_date - date '2000-01-01', season_year, season_type,
        team_abbr, opponent_team_abbr, is_home, false, null, null, true
    from slate
),
day_windows as (
    select
        * exclude (is_active),
        count(*) filter (is_active) over before as games_before,
        max(day) filter (is_active) over before as last_day,
        count(*) filter (is_active) over last_7 as counted_games_7,
        count(minutes) filter (is_active) over last_7 as known_minutes_7,
        sum(minutes) filter (is_active) over last_7 as counted_minutes_7,
        avg(minutes) filter (is_active) over last_7 as mean_minutes_7,
        count(usage_rate) filter (is_active) over last_7 as known_usage_7,
        avg(usage_rate) filter (is_active) over last_7 as mean_usage_7,
        count(*) filter (is_active) over last_14 as counted_games_14,
        count(minutes) filter (is_active) over last_14 as known_minutes_14,
        sum(minutes) filter (is_active) over last_14 as counted_minutes_14,
        avg(minutes) filter (is_active) over last_14 as mean_minutes_14,
        -- A pair counts on its second day; both days must lie within the fourteen.
        count(*) filter (is_second_day) over last_13 as counted_back_to_backs_14
    from (
        select
            *,
            is_active and day - 1 = max(day) filter (is_active) over (
                partition by player_id, season_year order by day
                range between unbounded preceding and 1 preceding
            ) as is_second_day
        from known_days
    )
    window
        before as (partition by player_id, season_year order by day
            range between unbounded preceding and 1 preceding),
        last_7 as (partition by player_id, season_year order by day
            range between 7 preceding and 1 preceding),
        last_13 as (partition by player_id, season_year order by day
            range between 13 preceding and 1 preceding),
        last_14 as (partition by player_id, season_year order by day
            range between 14 preceding and 1 preceding)
)
select
    d.*,
    i.player_lookup,
    i.universal_player_id,
    i.folded_name,
    i.name_stem,
    p.game_date as last_date,
    p.team_abbr as last_team
from day_windows as d
inner join calendar as c on d.game_date = c.game_date and c.is_built
inner join identity as i on d.player_id = i.player_id
left join player_state as p
    on d.player_id = p.player_id
    and d.season_year = p.season_year
    and d.games_before = p.seq
where d.is_slate
    or not exists (from slate as s where s.player_id = d.player_id and s.game_date = d.game_date);

-- ---------------------------------------------------------------- what transactions say

create temp table transactions as
with
printed as (
    select
        event_date,
        team_nickname,
        nullif(trim(player_name), '') as printed_name,
        -- The higher number is the more cautious status.
        case
            when nullif(trim(acquired), '') is not null then 0
            when notes ilike '%(dtd)%' then 1
            else 2
        end as caution
    from raw_injuries
)
select
    e.event_date,
    t.team_abbr,
    e.caution,
    coalesce(a.player_name, e.printed_name) as name,
    fold(name) as folded_name,
    fold_without_suffix(name) as name_stem
from printed as e
inner join read_csv(
    getvariable('seeds_dir') || '/nba_teams.csv', header = true, all_varchar = true
) as t
    on e.team_nickname = t.nickname
left join read_csv(
    getvariable('seeds_dir') || '/player_aliases.csv', header = true, all_varchar = true
) as a
    on fold(e.printed_name) = fold(a.printed_name)
where e.printed_name is not null;

-- A team's players on a day: those who last played for it, and those who appear for it.
create temp table namesakes as
with
spells as (
    select player_id, season_year, team_abbr, game_date + 1 as from_date, next_date as to_date
    from player_state
    union all
    select player_id, season_year, team_abbr, game_date, game_date from appearances
)
select s.*, i.folded_name, i.name_stem
from spells as s
inner join identity as i using (player_id)
where (s.team_abbr, s.season_year, i.name_stem) in (
    select (g.team_abbr, g.season_year, n.name_stem)
    from (select distinct player_id, team_abbr, season_year from player_games) as g
    inner join identity as n using (player_id)
    group by all
    having count(*) > 1
);

create temp table statuses as
select
    d.player_id,
    d.game_date,
    ['available', 'questionable', 'out'][1 + arg_max(t.caution, (t.event_date, t.caution))]
        as player_status
from appearances as d
inner join transactions as t
    on d.name_stem = t.name_stem
    and t.event_date between make_date(d.season_year, 10, 1) and d.game_date - 1
where t.team_abbr in (d.team_abbr, d.last_team)
    and (d.last_date is null or t.event_date > d.last_date)
    and (d.folded_name = t.folded_name or not exists (
        from namesakes as n
        where n.name_stem = d.name_stem
            and n.team_abbr = t.team_abbr
            and n.season_year = d.season_year
            and n.player_id != d.player_id
            and d.game_date between n.from_date and coalesce(n.to_date, d.game_date)
    ))
group by all;

create temp table participants as
select
    d.game_date as analysis_date,
    d.player_lookup,
    d.universal_player_id,
    d.season_year,
    d.game_id,
    d.season_type,
    d.team_abbr,
    d.opponent_team_abbr,
    d.is_home,
    if(d.is_slate, 'upcoming', 'history') as context_source,
    t.player_status,
    d.games_before,
    -- Numbers that a game without a box score could have changed are unknown.
    coalesce(own.last_gap >= d.game_date - 7, false) as gap_in_7,
    coalesce(own.last_gap >= d.game_date - 14, false) as gap_in_14,
    if(coalesce(own.last_gap > d.last_date, false), null, d.day - d.last_day) as days_rest,
    if(
        coalesce(own.last_gap = d.game_date - 1, false), null,
        coalesce(d.day - d.last_day = 1, false)
    ) as back_to_back,
    if(gap_in_7, null, d.counted_games_7) as games_7,
    case
        when gap_in_7 or d.known_minutes_7 < d.counted_games_7 then null
        when d.counted_games_7 = 0 then 0
        else d.counted_minutes_7
    end as minutes_7,
    if(gap_in_7, null, if_half_known(d.mean_minutes_7, d.known_minutes_7, d.counted_games_7))
        as avg_minutes_7,
    if(gap_in_7, null, if_half_known(d.mean_usage_7, d.known_usage_7, d.counted_games_7))
        as usage_7,
    if(gap_in_14, null, d.counted_games_14) as games_14,
    case
        when gap_in_14 or d.known_minutes_14 < d.counted_games_14 then null
        when d.counted_games_14 = 0 then 0
        else d.counted_minutes_14
    end as minutes_14,
    if(gap_in_14, null, if_half_known(d.mean_minutes_14, d.known_minutes_14, d.counted_games_14))
        as avg_minutes_14,
    if(gap_in_14, null, d.counted_back_to_backs_14) as back_to_backs_14,
    -- player, as of his newest active game
    p.points_2,
    p.points_3_to_5,
    p.points_5,
    p.points_10,
    p.points_season,
    p.points_std_10,
    p.minutes_10,
    p.minutes_season,
    p.usage_10,
    p.usage_season,
    p.ts_10,
    p.ftm_10,
    p.ft_points_10,
    p.ft_games_10,
    p.paint_rate_last_10,
    p.mid_range_rate_last_10,
    p.three_pt_rate_last_10,
    p.primary_scoring_zone,
    own.expected_games,
    own.actual_games,
    own.has_hole,
    -- teams, that morning
    own.pace_10 as team_pace_10,
    own.off_rating_10 as team_off_rating_10,
    if(own.seq >= 5, own.win_pct, null) as team_win_pct,
    opp.pace_10 as opponent_pace_10,
    if(opp.has_defense, opp.def_rating_15, null) as opponent_def_rating,
    if(opp.has_defense, opp.pace_15, null) as opponent_pace_15,
    d.game_date - opp.last_scheduled as opponent_days_rest,
    opp.has_zones and opp.paint_vs is not null and opp.mid_vs is not null
        and opp.three_vs is not null as opponent_zones_known,
    -- scores
    opponent_pace_10 - team_pace_10 as pace_differential,
    greatest(0, least(100,
        100
        + case when back_to_back then -15 when days_rest >= 3 then 5 else 0 end
        + case when games_7 >= 4 then -10 else 0 end
        + case when minutes_7 > 240 then -10 else 0 end
        + case when avg_minutes_7 > 35 then -8 else 0 end
        + case when back_to_backs_14 >= 2 then -12 when back_to_backs_14 = 1 then -5 else 0 end
    ))::bigint as fatigue_score,
    case p.primary_scoring_zone
        when 'paint' then opp.paint_vs * least(p.paint_rate_last_10 / 50, 1)
        when 'mid_range' then opp.mid_vs * least(p.mid_range_rate_last_10 / 50, 1)
        when 'perimeter' then opp.three_vs * least(p.three_pt_rate_last_10 / 50, 1)
        when 'balanced' then (
            opp.paint_vs * p.paint_rate_last_10
            + opp.mid_vs * p.mid_range_rate_last_10
            + opp.three_vs * p.three_pt_rate_last_10
        ) / 100
    end as raw_mismatch,
    case when raw_mismatch is not null then
        greatest(-10, least(10, raw_mismatch * if(abs(raw_mismatch) > 5, 1.2, 1)))::double
    end as mismatch_score,
    case when pace_differential is not null then
        greatest(-3, least(3, pace_differential / 2))::double
    end as pace_score
from appearances as d
left join player_state as p
    on d.player_id = p.player_id
    and d.season_year = p.season_year
    and d.games_before = p.seq
left join statuses as t on d.player_id = t.player_id and d.game_date = t.game_date
left join team_days as own on d.game_date = own.game_date and d.team_abbr = own.team_abbr
left join team_days as opp
    on d.game_date = opp.game_date and d.opponent_team_abbr = opp.team_abbr;

-- ---------------------------------------------------------------- the tables

create or replace table team_defense_zone_analysis as
select
    game_date as analysis_date,
    team_abbr,
    season_year,
    15::bigint as games_in_sample,
    zone_games_15 as zone_games_in_sample,
    paint_pct as paint_pct_allowed_last_15,
    mid_pct as mid_range_pct_allowed_last_15,
    three_pct as three_pt_pct_allowed_last_15,
    paint_per_game as paint_attempts_allowed_per_game,
    mid_per_game as mid_range_attempts_allowed_per_game,
    three_per_game as three_pt_attempts_allowed_per_game,
    paint_vs as paint_defense_vs_league_avg,
    mid_vs as mid_range_defense_vs_league_avg,
    three_vs as three_pt_defense_vs_league_avg,
    null::double as paint_points_allowed_per_game,
    null::double as paint_blocks_per_game,
    null::double as mid_range_blocks_per_game,
    null::double as three_pt_blocks_per_game,
    league_average_source,
    def_rating_15 as defensive_rating_last_15,
    pace_15 as opponent_pace,
    points_allowed_15 as opponent_points_per_game,
    case least(paint_vs, mid_vs, three_vs)
        when paint_vs then 'paint' when mid_vs then 'mid_range' when three_vs then 'perimeter'
    end as strongest_zone,
    case greatest(paint_vs, mid_vs, three_vs)
        when paint_vs then 'paint' when mid_vs then 'mid_range' when three_vs then 'perimeter'
    end as weakest_zone,
    case when zone_games_15 >= 15 then 'high' when zone_games_15 >= 10 then 'medium' else 'low' end
        as data_quality_tier
from team_days
where is_built and has_defense;

create temp table player_days as
select
    p.* exclude (idx, next_idx, season_first_idx, season_last_idx),
    c.game_date as analysis_date
from (
    select
        *,
        unnest(range(
            greatest(idx + 1, season_first_idx), coalesce(next_idx, season_last_idx) + 1
        )) as analysis_idx
    from player_state
    where season_first_idx is not null
) as p
inner join calendar as c on p.analysis_idx = c.idx;

create or replace table player_shot_zone_analysis as
select
    p.analysis_date,
    i.player_lookup,
    i.universal_player_id,
    p.season_year,
    p.paint_rate_last_10,
    p.mid_range_rate_last_10,
    p.three_pt_rate_last_10,
    p.total_shots_last_10,
    p.paint_pct_last_10,
    p.mid_range_pct_last_10,
    p.three_pt_pct_last_10,
    p.paint_attempts_per_game,
    p.mid_range_attempts_per_game,
    p.three_pt_attempts_per_game,
    10::bigint as games_in_sample_10,
    p.zone_games_10 as zone_games_in_sample_10,
    least(20, p.seq) as games_in_sample_20,
    p.paint_rate_last_20,
    p.paint_pct_last_20,
    null::double as assisted_rate_last_10,
    null::double as unassisted_rate_last_10,
    p.primary_scoring_zone,
    p.sample_quality_10,
    p.sample_quality_20,
    case
        when p.zone_games_10 >= 10 then 'high'
        when p.zone_games_10 >= 7 then 'medium'
        else 'low'
    end as data_quality_tier
from player_days as p
inner join identity as i using (player_id)
where p.has_shot_zones;

create or replace table player_composite_factors as
select
    analysis_date,
    player_lookup,
    universal_player_id,
    season_year,
    game_id,
    analysis_date as game_date,
    team_abbr,
    opponent_team_abbr,
    context_source,
    days_rest,
    back_to_back,
    games_7 as games_in_last_7_days,
    minutes_7 as minutes_in_last_7_days,
    avg_minutes_7 as avg_minutes_per_game_last_7,
    games_14 as games_in_last_14_days,
    minutes_14 as minutes_in_last_14_days,
    avg_minutes_14 as avg_minutes_per_game_last_14,
    back_to_backs_14 as back_to_backs_last_14_days,
    team_pace_10 as team_pace_last_10,
    opponent_pace_10 as opponent_pace_last_10,
    pace_differential,
    usage_7 as avg_usage_rate_last_7_days,
    null::double as projected_usage_rate,
    null::bigint as star_teammates_out,
    null::bigint as player_age,
    player_status,
    fatigue_score,
    mismatch_score as shot_zone_mismatch_score,
    pace_score,
    0::double as usage_spike_score,
    0::double as referee_favorability_score,
    0::double as look_ahead_pressure_score,
    0::double as travel_impact_score,
    0::double as opponent_strength_score,
    (fatigue_score - 100) / 20 + coalesce(mismatch_score, 0) + coalesce(pace_score, 0)
        as total_composite_adjustment,
    20::double * (
        (days_rest is not null)::int
        + (pace_differential is not null)::int
        + (primary_scoring_zone is not null)::int
        + coalesce(opponent_zones_known, false)::int
    ) as data_completeness_pct,
    concat_ws(
        ',',
        if(days_rest is null, 'days_rest', null),
        'projected_usage_rate',
        if(pace_differential is null, 'pace_differential', null),
        if(primary_scoring_zone is null, 'player_shot_zone', null),
        if(opponent_zones_known, null, 'team_defense_zone')
    ) as missing_data_fields,
    fatigue_score < 50
        or coalesce(abs(mismatch_score) > 8, false)
        or abs(total_composite_adjustment) > 12 as has_warnings,
    nullif(concat_ws(
        ',',
        if(fatigue_score < 50, 'EXTREME_FATIGUE', null),
        if(abs(mismatch_score) > 8, 'EXTREME_MATCHUP', null),
        if(abs(total_composite_adjustment) > 12, 'EXTREME_ADJUSTMENT', null)
    ), '') as warning_details
from participants;

create or replace table player_daily_cache as
select
    analysis_date,
    player_lookup,
    universal_player_id,
    season_year,
    analysis_date as cache_date,
    team_abbr,
    points_5 as points_avg_last_5,
    points_10 as points_avg_last_10,
    points_season as points_avg_season,
    points_std_10 as points_std_last_10,
    minutes_10 as minutes_avg_last_10,
    usage_10 as usage_rate_last_10,
    ts_10 as ts_pct_last_10,
    usage_season as player_usage_rate_season,
    games_before as games_played_season,
    team_pace_10 as team_pace_last_10,
    team_off_rating_10 as team_off_rating_last_10,
    games_7 as games_in_last_7_days,
    minutes_7 as minutes_in_last_7_days,
    avg_minutes_7 as avg_minutes_per_game_last_7,
    games_14 as games_in_last_14_days,
    minutes_14 as minutes_in_last_14_days,
    avg_minutes_14 as avg_minutes_per_game_last_14,
    back_to_backs_14 as back_to_backs_last_14_days,
    primary_scoring_zone,
    paint_rate_last_10,
    three_pt_rate_last_10,
    null::double as assisted_rate_last_10,
    paint_rate_last_10 is not null as shot_zone_data_available,
    null::bigint as player_age,
    games_before < 10 as early_season_flag
from participants
where games_before >= 5;

create or replace table ml_feature_store as
with
typed as (
    select
        analysis_date,
        player_lookup,
        universal_player_id,
        season_year,
        game_id,
        analysis_date as game_date,
        team_abbr,
        opponent_team_abbr,
        is_home,
        days_rest,
        player_status,
        context_source,
        games_before,
        minutes_10 is null or minutes_season is null as minutes_unknown,
        expected_games as expected_games_count,
        actual_games as actual_games_count,
        expected_games - actual_games as missing_games_count,
        100 * actual_games / nullif(expected_games, 0) as completeness_percentage,
        has_hole,
        if(games_before >= 5, 'phase4', 'phase3') as cache_source,
        if(games_before >= 5, points_5, null) as points_avg_last_5,
        points_10 as points_avg_last_10,
        points_season as points_avg_season,
        if(games_before >= 5, points_std_10, null) as points_std_last_10,
        games_7::double as games_in_last_7_days,
        fatigue_score::double as fatigue_score,
        mismatch_score as shot_zone_mismatch_score,
        pace_score,
        0::double as usage_spike_score,
        case when days_rest is not null and opponent_days_rest is not null then
            greatest(-2, least(2, days_rest - opponent_days_rest))::double
        end as rest_advantage,
        case player_status when 'available' then 0 when 'questionable' then 2 when 'out' then 3
        end::double as injury_risk,
        case
            when games_before < 5 or points_2 is null or points_3_to_5 is null then null
            when points_2 - points_3_to_5 >= 5 then 2
            when points_2 - points_3_to_5 >= 2 then 1
            when points_2 - points_3_to_5 <= -5 then -2
            when points_2 - points_3_to_5 <= -2 then -1
            else 0
        end::double as recent_trend,
        -- Rounded, because binary fractions would miss a change of exactly .10 or .20.
        if(minutes_10 = 0, null,
            round((minutes_10 - minutes_season) / nullif(minutes_season, 0), 9)) as minutes_ratio,
        case
            when minutes_ratio is null then null
            when minutes_ratio >= 0.20 then 2
            when minutes_ratio >= 0.10 then 1
            when minutes_ratio <= -0.20 then -2
            when minutes_ratio <= -0.10 then -1
            else 0
        end::double as minutes_change,
        opponent_def_rating,
        opponent_pace_15 as opponent_pace,
        is_home::int::double as home_away,
        back_to_back::int::double as back_to_back,
        (season_type = 'playoffs')::int::double as playoff_game,
        paint_rate_last_10 / 100 as pct_paint,
        mid_range_rate_last_10 / 100 as pct_mid_range,
        three_pt_rate_last_10 / 100 as pct_three,
        case when ft_games_10 >= 5 and ft_points_10 > 0 then
            greatest(0, least(0.5, ftm_10 / ft_points_10))::double
        end as pct_free_throw,
        team_pace_10 as team_pace,
        team_off_rating_10 as team_off_rating,
        team_win_pct
    from participants
),
counted as (
    select
        *,
        -- required features that can be unknown
        (points_avg_last_5 is null)::int + (points_avg_last_10 is null)::int
        + (points_avg_season is null)::int + (points_std_last_10 is null)::int
        + (games_in_last_7_days is null)::int + (back_to_back is null)::int as required_defaults,
        required_defaults
        + (shot_zone_mismatch_score is null)::int + (pace_score is null)::int
        + (rest_advantage is null)::int + (injury_risk is null)::int
        + (recent_trend is null)::int + (minutes_change is null)::int
        + (opponent_def_rating is null)::int + (opponent_pace is null)::int
        + (pct_paint is null)::int + (pct_mid_range is null)::int + (pct_three is null)::int
        + (pct_free_throw is null)::int + (team_pace is null)::int
        + (team_off_rating is null)::int + (team_win_pct is null)::int as defaults,
        if(
            cache_source = 'phase3',
            (points_avg_last_10 is not null)::int + (points_avg_season is not null)::int
            + (games_in_last_7_days is not null)::int + (team_pace is not null)::int
            + (team_off_rating is not null)::int,
            0
        ) as fallbacks,
        (rest_advantage is not null)::int + (injury_risk is not null)::int
        + (recent_trend is not null)::int + (minutes_change is not null)::int
        + (back_to_back is not null)::int + 2 + (pct_free_throw is not null)::int
        + (team_win_pct is not null)::int as calculated
    from typed
)
select
    * exclude (
        cache_source, minutes_ratio, required_defaults, defaults, fallbacks, calculated,
        games_before, minutes_unknown, has_hole
    ),
    [
        coalesce(points_avg_last_5, 10),
        coalesce(points_avg_last_10, 10),
        coalesce(points_avg_season, 10),
        coalesce(points_std_last_10, 5),
        coalesce(games_in_last_7_days, 3),
        fatigue_score,
        coalesce(shot_zone_mismatch_score, 0),
        coalesce(pace_score, 0),
        usage_spike_score,
        coalesce(rest_advantage, 0),
        coalesce(injury_risk, 0),
        coalesce(recent_trend, 0),
        coalesce(minutes_change, 0),
        coalesce(opponent_def_rating, 112),
        coalesce(opponent_pace, 100),
        home_away,
        coalesce(back_to_back, 0),
        playoff_game,
        coalesce(pct_paint, 0.30),
        coalesce(pct_mid_range, 0.20),
        coalesce(pct_three, 0.35),
        coalesce(pct_free_throw, 0.15),
        coalesce(team_pace, 100),
        coalesce(team_off_rating, 112),
        coalesce(team_win_pct, 0.5)
    ]::double[] as features,
    [
        if(points_avg_last_5 is null, 'default', cache_source),
        if(points_avg_last_10 is null, 'default', cache_source),
        if(points_avg_season is null, 'default', cache_source),
        if(points_std_last_10 is null, 'default', cache_source),
        if(games_in_last_7_days is null, 'default', cache_source),
        'phase4',
        if(shot_zone_mismatch_score is null, 'default', 'phase4'),
        if(pace_score is null, 'default', 'phase4'),
        'phase4',
        if(rest_advantage is null, 'default', 'calculated'),
        if(injury_risk is null, 'default', 'calculated'),
        if(recent_trend is null, 'default', 'calculated'),
        if(minutes_change is null, 'default', 'calculated'),
        if(opponent_def_rating is null, 'default', 'phase4'),
        if(opponent_pace is null, 'default', 'phase4'),
        'calculated',
        if(back_to_back is null, 'default', 'calculated'),
        'calculated',
        if(pct_paint is null, 'default', 'phase4'),
        if(pct_mid_range is null, 'default', 'phase4'),
        if(pct_three is null, 'default', 'phase4'),
        if(pct_free_throw is null, 'default', 'calculated'),
        if(team_pace is null, 'default', cache_source),
        if(team_off_rating is null, 'default', cache_source),
        if(team_win_pct is null, 'default', 'calculated')
    ] as feature_sources,
    defaults::bigint as default_feature_count,
    25::bigint as feature_count,
    'v1_baseline_25' as feature_version,
    least(
        case when required_defaults >= 4 then 49 when required_defaults >= 1 then 69 else 100 end,
        (100 * (25 - defaults - fallbacks) + 75 * fallbacks + 40 * defaults) / 25
    )::double as feature_quality_score,
    case
        when feature_quality_score >= 95 then 'gold'
        when feature_quality_score >= 85 then 'silver'
        when feature_quality_score >= 70 then 'bronze'
        when feature_quality_score >= 50 then 'poor'
        else 'critical'
    end as quality_tier,
    feature_quality_score >= 70 and not has_hole and coalesce(player_status != 'out', true)
        as is_production_ready,
    list_filter([
        if(missing_games_count > 0, 'missing_box_score', null),
        if(minutes_unknown and games_before > 0, 'no_minutes', null),
        if(games_before < 5, 'no_season_form', null),
        if(pct_paint is null, 'no_shot_data', null),
        if(opponent_def_rating is null or opponent_pace is null, 'opponent_unknown', null),
        if(player_status = 'out', 'player_out', null)
    ], lambda issue: issue is not null) as data_quality_issues,
    case
        when defaults = 0 and fallbacks = 0 then 'phase4'
        when (25 - defaults - fallbacks - calculated) / 25 >= 0.5 then 'phase4_partial'
        when fallbacks / 25 >= 0.5 then 'phase3'
        else 'mixed'
    end as data_source
from counted;

create or replace table phase4_exclusions as
with
tables (table_name, needs_players) as (
    values
        ('team_defense_zone_analysis', false),
        ('player_shot_zone_analysis', false),
        ('player_composite_factors', true),
        ('player_daily_cache', true),
        ('ml_feature_store', true)
)
select
    t.table_name,
    c.game_date as analysis_date,
    '*' as entity_id,
    c.season_year,
    if(c.is_bootstrap, 'bootstrap', 'no_player_data') as reason,
    null::bigint as games_found,
    null::bigint as games_needed
from calendar as c
cross join tables as t
where c.in_window and (
    c.is_bootstrap
    or (t.needs_players and c.game_date not in (select analysis_date from participants))
)
union all
select
    'team_defense_zone_analysis', game_date, team_abbr, season_year, 'insufficient_games', seq, 15
from team_days
where is_built and not has_defense
union all
select
    'player_shot_zone_analysis', p.analysis_date, i.player_lookup, p.season_year,
    'insufficient_games', p.seq, 10
from player_days as p
inner join identity as i using (player_id)
where not p.has_shot_zones
union all
select
    'player_daily_cache', analysis_date, player_lookup, season_year, 'insufficient_games',
    games_before, 5
from participants
where games_before < 5
union all
select distinct
    'team_defense_zone_analysis', game_date, if(h, home_team, away_team), season_year,
    'non_nba_team', null::bigint, null::bigint
from schedule
cross join (values (true), (false)) as side (h)
where not if(h, home_is_nba, away_is_nba)
    -- Exhibitions between two game dates belong to the later one, because only game dates are
    -- built.
    and game_date <= (select max(game_date) from calendar)
    and coalesce(game_date > (select max(game_date) from calendar where not in_window), true);
