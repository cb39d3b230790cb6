{#- What the formulas read. A column that a source has nowhere in a kind of game is no defect. -#}
{%- set player_columns = [
    'minutes_played', 'points', 'fg_makes', 'fg_attempts', 'three_pt_makes', 'three_pt_attempts',
    'ft_makes', 'ft_attempts', 'turnovers',
] %}
{%- set team_columns = [
    'team_minutes', 'points', 'fg_attempts', 'ft_attempts', 'offensive_rebounds', 'turnovers',
] %}

{#- The inputs, as whoever has to correct them knows them. -#}
{%- set games = input_table('games') %}
{%- set player_box = input_table('player_box') %}
{%- set team_box = input_table('team_box') %}

{#- Columns that are told of when unknown, with the counts of unknown values and of rows. -#}
{%- set counted = {} %}
{%- for column in player_columns %}
{%- do counted.update({player_box ~ '.' ~ column: ('players_without_' ~ column, 'players')}) %}
{%- endfor %}
{%- for column in team_columns %}
{%- do counted.update({team_box ~ '.' ~ column: ('teams_without_' ~ column, 'team_rows')}) %}
{%- endfor %}

{#- NULLs or missing shots of up to one in ten are what the formulas are made for. -#}
{%- set tolerated_share = '0.1e0' %}
{#- A team's players play 240 minutes in the shortest game (235 where each one's are rounded), and
    390 in the longest there ever was. Rounding moves a team's sum by a few, a player's by one. -#}
{%- set fewest_minutes = 230 %}
{%- set most_minutes = 400 %}
{%- set rounding = 15 %}

with

games as (

    select * from {{ ref('stg_nba__games') }}

),

player_box as (

    select * from {{ ref('stg_nba__player_box') }}

),

team_box as (

    select * from {{ ref('stg_nba__team_box') }}

),

shots_by_player as (

    select * from {{ ref('stg_nba__shots_by_player') }}

),

players as (

    select * from {{ ref('stg_nba__players') }}

),

source_findings as (

    select * from {{ ref('int_source_findings') }}

),

scheduled_games as (

    select * from {{ ref('stg_nba__scheduled_games') }}

),

box_score_gaps as (

    select * from {{ ref('int_box_score_gaps') }}

),

season_ends as (

    select
        season_year,
        max(game_date) as last_game_date
    from games
    group by season_year

),

-- Three-pointers come from the box score: only two-point attempts are counted by shots.
zones as (

    select
        game_id,
        player_id,
        paint_attempts + mid_range_attempts as two_pt_attempts,
        paint_makes + mid_range_makes as two_pt_makes
    from shots_by_player

),

games_with_shots as (

    select distinct game_id from zones

),

player_games as (

    select
        *,
        -- A row without minutes and points is that of a player who sat out, unless he shot.
        coalesce(minutes_played, points) is not null or coalesce(fg_attempts > 0, false)
            as has_numbers,
        fg_makes + fg_attempts + three_pt_makes + three_pt_attempts is not null as has_field_goals
    from player_box

),

player_sides as (

    select
        player_box.game_id,
        player_box.team_abbr,

        count(*) as player_rows,
        count(case when {{ is_active_game('player_box') }} then 1 end) as active_players,
        count(case when player_box.has_numbers then 1 end) as players,
        {%- for column in player_columns %}
        count(case when player_box.has_numbers and player_box.{{ column }} is null then 1 end)
            as players_without_{{ column }},
        {%- endfor %}
        sum(player_box.minutes_played) as minutes,
        max(player_box.minutes_played) as longest_minutes,
        min(player_box.minutes_played) as shortest_minutes,
        sum(player_box.points) as points,
        sum(
            case
                when player_box.has_field_goals
                    then player_box.fg_attempts - player_box.three_pt_attempts
            end
        ) as two_pt_attempts,
        sum(
            case
                when player_box.has_field_goals
                    then player_box.fg_makes - player_box.three_pt_makes
            end
        ) as two_pt_makes,
        sum(case when player_box.has_field_goals then coalesce(zones.two_pt_attempts, 0) end)
            as two_pt_attempts_by_shots,
        sum(case when player_box.has_field_goals then coalesce(zones.two_pt_makes, 0) end)
            as two_pt_makes_by_shots

    from player_games as player_box
    left join zones
        on player_box.game_id = zones.game_id and player_box.player_id = zones.player_id
    group by player_box.game_id, player_box.team_abbr

),

schedule as (

    select
        game_id,
        home_team_abbr as team_abbr,
        home_score as score,
        season_type,
        is_final,
        game_date,
        season_year
    from games

    union all

    select
        game_id,
        away_team_abbr as team_abbr,
        away_score as score,
        season_type,
        is_final,
        game_date,
        season_year
    from games

),

-- Both teams of every game that counts, with what there is of them.
sides as (

    select
        schedule.*,

        coalesce(player_sides.player_rows, 0) as player_rows,
        coalesce(player_sides.active_players, 0) as active_players,
        coalesce(player_sides.players, 0) as players,
        {%- for column in player_columns %}
        coalesce(player_sides.players_without_{{ column }}, 0) as players_without_{{ column }},
        {%- endfor %}
        case when player_sides.players_without_minutes_played = 0 then player_sides.minutes end
            as player_minutes,
        player_sides.longest_minutes,
        player_sides.shortest_minutes,
        case when player_sides.players_without_points = 0 then player_sides.points end
            as player_points,
        player_sides.two_pt_attempts,
        player_sides.two_pt_makes,
        player_sides.two_pt_attempts_by_shots,
        player_sides.two_pt_makes_by_shots,
        games_with_shots.game_id is not null as has_shots,

        case when team_box.game_id is not null then 1 else 0 end as team_rows,
        {%- for column in team_columns %}
        case when team_box.game_id is not null and team_box.{{ column }} is null then 1 else 0 end
            as team_without_{{ column }},
        {%- endfor %}
        team_box.team_minutes,
        team_box.points as team_points

    from schedule
    left join player_sides
        on
            schedule.game_id = player_sides.game_id
            and schedule.team_abbr = player_sides.team_abbr
    left join team_box
        on schedule.game_id = team_box.game_id and schedule.team_abbr = team_box.team_abbr
    left join games_with_shots on schedule.game_id = games_with_shots.game_id

),

-- What the source has of a kind of game: what it has nowhere is not missing from one game.
habits as (

    select
        season_year,
        season_type,
        max(team_rows) > 0 as has_team_rows
    from sides
    group by season_year, season_type

),

whole_games as (

    select
        game_id,
        season_type,
        is_final,
        has_shots,

        max(case when team_rows > 0 then team_abbr end) as team_with_team_row,
        max(case when team_rows = 0 then team_abbr end) as team_without_team_row,
        count(score) as scores,
        sum(player_rows) as player_rows,
        sum(players) as players,
        sum(team_rows) as team_rows,
        sum(players_without_points) as players_without_points,
        {%- for column in team_columns %}
        sum(team_without_{{ column }}) as teams_without_{{ column }},
        {%- endfor %}

        game_date,
        season_year

    from sides
    group by game_id, season_type, is_final, has_shots, game_date, season_year

),

numbered_games as (

    select
        *,
        {{ days_between("date '1970-01-01'", 'game_date') }} as day_number
    from whole_games

),

-- A game is held against those of the week before and after it: a column that they lack, too, is
-- one that the source does not have then, and never becomes a defect by being repaired elsewhere.
neighbours as (

    select
        *,
        sum(players_without_points) over fortnight - players_without_points
        <= {{ tolerated_share }} * (sum(players) over fortnight - players)
        and sum(players) over fortnight > players as others_have_points_of_players,
        {%- for column in team_columns %}
        sum(teams_without_{{ column }}) over fortnight - teams_without_{{ column }}
        <= {{ tolerated_share }} * (sum(team_rows) over fortnight - team_rows)
        and sum(team_rows) over fortnight > team_rows
            as others_have_{{ column }}_of_teams,
        {%- endfor %}
        count(*) over fortnight as games_in_fortnight
    from numbered_games
    window fortnight as (
        partition by season_year, season_type
        order by day_number range between 7 preceding and 7 following
    )

),

whole_dates as (

    select
        game_date,
        season_year,
        {%- for column in player_columns %}
        sum(players_without_{{ column }}) as players_without_{{ column }},
        {%- endfor %}
        {%- for column in team_columns %}
        sum(team_without_{{ column }}) as teams_without_{{ column }},
        {%- endfor %}
        sum(players) as players,
        sum(team_rows) as team_rows
    from sides
    group by game_date, season_year

),

shots_that_disagree as (

    select
        *,
        abs(two_pt_attempts_by_shots - two_pt_attempts) > {{ tolerated_share }} * two_pt_attempts
        or abs(two_pt_makes_by_shots - two_pt_makes) > {{ tolerated_share }} * two_pt_attempts
            as is_partial
    from sides
    where
        has_shots
        and (
            two_pt_attempts_by_shots != two_pt_attempts or two_pt_makes_by_shots != two_pt_makes
        )

),

late_games as (

    select distinct game_id
    from box_score_gaps
    where is_final and is_on_slate

),

-- Who took part on a date is known to the date's own rows: what changes that spoils them too.
findings as (

    select * from source_findings

    union all

    -- What a missing box score could have changed is unknown downstream, not wrong.
    select
        'late_box_score' as check_name,
        'warn' as severity,
        count(*) as affected_rows,
        concat(
            'game ', gaps.game_id, ': ', max(games.home_team_abbr), '-', max(games.away_team_abbr),
            case
                when count(*) = 1 then concat(', no box score of ', max(gaps.team_abbr), ' yet')
                else ', no box score yet'
            end
        ) as example,
        false as spoils_own_date,
        gaps.game_date,
        gaps.season_year
    from box_score_gaps as gaps
    inner join games on gaps.game_id = games.game_id
    where gaps.is_final and gaps.is_on_slate
    group by gaps.game_id, gaps.game_date, gaps.season_year

    union all

    select
        'game_not_played' as check_name,
        'warn' as severity,
        1 as affected_rows,
        concat(
            'game ', game_id, ': ', home_team_abbr, '-', away_team_abbr,
            ' has no score, though it was called off or later games have been played'
        ) as example,
        false as spoils_own_date,
        game_date,
        season_year
    from scheduled_games
    where was_not_played

    union all

    select
        'one_sided_box' as check_name,
        'block' as severity,
        1 as affected_rows,
        concat(
            'game ', game_id, ': {{ team_box }} has ', team_with_team_row,
            ' and not ', team_without_team_row
        ) as example,
        false as spoils_own_date,
        game_date,
        season_year
    from whole_games
    where team_with_team_row is not null and team_without_team_row is not null

    union all

    select
        case when habits.has_team_rows then 'no_team_box' else 'no_team_box_in_source' end
            as check_name,
        case when habits.has_team_rows then 'block' else 'warn' end as severity,
        1 as affected_rows,
        concat(
            'game ', whole_games.game_id, ': ', cast(whole_games.player_rows as string),
            ' rows in {{ player_box }} and none in {{ team_box }}'
        ) as example,
        false as spoils_own_date,
        whole_games.game_date,
        whole_games.season_year
    from whole_games
    inner join habits
        on
            whole_games.season_year = habits.season_year
            and whole_games.season_type = habits.season_type
    where whole_games.player_rows > 0 and whole_games.team_rows = 0

    union all

    select
        'team_not_in_game' as check_name,
        'block' as severity,
        1 as affected_rows,
        concat(
            'game ', player_box.game_id, ': ',
            coalesce(players.player_full_name, cast(player_box.player_id as string)),
            ' of ', coalesce(player_box.team_abbr, 'NULL'), ' in {{ player_box }}'
        ) as example,
        true as spoils_own_date,
        player_box.game_date,
        player_box.season_year
    from player_box
    left join players on player_box.player_id = players.player_id
    left join schedule
        on player_box.game_id = schedule.game_id and player_box.team_abbr = schedule.team_abbr
    where schedule.game_id is null

    union all

    select
        'team_not_in_game' as check_name,
        'block' as severity,
        1 as affected_rows,
        concat(
            'game ', team_box.game_id, ': ', coalesce(team_box.team_abbr, 'NULL'),
            ' in {{ team_box }}'
        ) as example,
        false as spoils_own_date,
        team_box.game_date,
        team_box.season_year
    from team_box
    left join schedule
        on team_box.game_id = schedule.game_id and team_box.team_abbr = schedule.team_abbr
    where schedule.game_id is null

    union all

    select
        'too_few_minutes' as check_name,
        'block' as severity,
        1 as affected_rows,
        concat(
            'game ', game_id, ': minutes of ', team_abbr, ' are ',
            coalesce(cast(cast(team_minutes as int64) as string), 'unknown'),
            ' in {{ team_box }}, ',
            coalesce(cast(cast(player_minutes as int64) as string), 'unknown'),
            ' in {{ player_box }}'
        ) as example,
        true as spoils_own_date,
        game_date,
        season_year
    from sides
    where
        team_minutes < {{ fewest_minutes }}
        or player_minutes < {{ fewest_minutes }}
        or player_minutes < team_minutes - {{ rounding }}

    union all

    select
        'too_many_minutes' as check_name,
        'block' as severity,
        1 as affected_rows,
        concat(
            'game ', game_id, ': minutes of ', team_abbr, ' are ',
            coalesce(cast(cast(team_minutes as int64) as string), 'unknown'),
            ' in {{ team_box }}, ',
            coalesce(cast(cast(player_minutes as int64) as string), 'unknown'),
            ' in {{ player_box }}, of one player from ',
            coalesce(cast(cast(shortest_minutes as int64) as string), 'unknown'), ' to ',
            coalesce(cast(cast(longest_minutes as int64) as string), 'unknown')
        ) as example,
        false as spoils_own_date,
        game_date,
        season_year
    from sides
    where
        team_minutes > {{ most_minutes }}
        or player_minutes > {{ most_minutes }}
        or player_minutes > team_minutes + {{ rounding }}
        or longest_minutes > coalesce(
            case when team_minutes >= {{ fewest_minutes }} then team_minutes end,
            {{ most_minutes }}
        ) / 5 + 2
        or shortest_minutes < 0

    union all

    select
        'too_few_players' as check_name,
        'block' as severity,
        player_rows as affected_rows,
        concat(
            'game ', game_id, ': ', cast(active_players as string), ' players of ', team_abbr,
            ' with minutes, attempts or points'
        ) as example,
        true as spoils_own_date,
        game_date,
        season_year
    from sides
    where player_rows > 0 and active_players < 5

    union all

    -- Unknown minutes are NULL downstream, which is right; a form that lacks points is wrong.
    select
        'player_numbers_unknown' as check_name,
        'block' as severity,
        players_without_points as affected_rows,
        concat(
            'game ', game_id, ': points are NULL in ', cast(players_without_points as string),
            ' of ', cast(players as string), ' rows of {{ player_box }}'
        ) as example,
        false as spoils_own_date,
        game_date,
        season_year
    from neighbours
    where
        others_have_points_of_players
        and players_without_points > {{ tolerated_share }} * players

    union all

    select
        'team_numbers_unknown' as check_name,
        'block' as severity,
        team_rows as affected_rows,
        concat(
            'game ', game_id, ': NULL in ',
            {%- for column in team_columns %}
            case when teams_without_{{ column }} > 0 then '{{ column }}, ' else '' end,
            {%- endfor %}
            'of {{ team_box }}'
        ) as example,
        false as spoils_own_date,
        game_date,
        season_year
    from neighbours
    where
        false
        {%- for column in team_columns %}
        or (others_have_{{ column }}_of_teams and teams_without_{{ column }} > 0)
        {%- endfor %}

    union all

    select
        case when is_partial then 'partial_shots' else 'shots_disagree' end as check_name,
        case when is_partial then 'block' else 'warn' end as severity,
        1 as affected_rows,
        concat(
            'game ', game_id, ': twos of ', team_abbr, ' are ',
            cast(two_pt_makes_by_shots as string), ' of ',
            cast(two_pt_attempts_by_shots as string), ' by shots, ',
            cast(two_pt_makes as string), ' of ', cast(two_pt_attempts as string),
            ' by {{ player_box }}'
        ) as example,
        false as spoils_own_date,
        game_date,
        season_year
    from shots_that_disagree

    union all

    select
        'no_shots' as check_name,
        'warn' as severity,
        1 as affected_rows,
        concat('game ', game_id, ': a box score and no shots') as example,
        false as spoils_own_date,
        game_date,
        season_year
    from whole_games
    where season_type = 'regular' and player_rows > 0 and not has_shots

    union all

    select
        'no_box' as check_name,
        'warn' as severity,
        1 as affected_rows,
        concat(
            'game ', game_id, ': a final score and ',
            case when team_rows > 0 then 'no rows in {{ player_box }}' else 'no box score' end
        ) as example,
        false as spoils_own_date,
        game_date,
        season_year
    from whole_games
    where
        is_final
        and player_rows = 0
        and game_id not in (select late_games.game_id from late_games)

    union all

    select
        'no_final_score' as check_name,
        'warn' as severity,
        1 as affected_rows,
        concat('game ', game_id, ': a box score and no final score') as example,
        false as spoils_own_date,
        game_date,
        season_year
    from whole_games
    where scores < 2 and player_rows + team_rows > 0

    union all

    select
        'points_disagree' as check_name,
        'warn' as severity,
        1 as affected_rows,
        concat(
            'game ', game_id, ': ', team_abbr, ' has ',
            coalesce(cast(score as string), 'no'), ' in {{ games }}, ',
            coalesce(cast(team_points as string), 'no'), ' in {{ team_box }}, ',
            coalesce(cast(player_points as string), 'no'), ' points in {{ player_box }}'
        ) as example,
        false as spoils_own_date,
        game_date,
        season_year
    from sides
    where score != team_points or score != player_points or team_points != player_points

),

-- One line per column, so that it can be told over which dates the source lacks it.
columns_read as (
    {%- for subject in counted %}

    select '{{ subject }}' as subject
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

counted_by_column as (

    select
        columns_read.subject,
        case columns_read.subject
            {%- for subject, (unknown_rows, box_rows) in counted.items() %}
            when '{{ subject }}' then whole_dates.{{ unknown_rows }}
            {%- endfor %}
        end as unknown_rows,
        case columns_read.subject
            {%- for subject, (unknown_rows, box_rows) in counted.items() %}
            when '{{ subject }}' then whole_dates.{{ box_rows }}
            {%- endfor %}
        end as box_rows,
        whole_dates.game_date,
        whole_dates.season_year
    from whole_dates
    cross join columns_read

),

unknown_values as (

    select
        'unknown_values' as check_name,
        'warn' as severity,
        unknown_rows as affected_rows,
        concat(
            subject, ' is NULL in ', cast(unknown_rows as string), ' of ',
            cast(box_rows as string), ' rows'
        ) as example,
        false as spoils_own_date,
        game_date,
        season_year,
        subject
    from counted_by_column
    where unknown_rows > {{ tolerated_share }} * box_rows

),

all_findings as (

    select
        *,
        cast(null as string) as subject
    from findings

    union all

    select * from unknown_values

),

numbered as (

    select
        *,
        row_number() over (
            partition by check_name, subject, game_date order by example
        ) as place
    from all_findings

),

final as (

    select
        numbered.check_name,
        numbered.severity,
        numbered.game_date,
        numbered.season_year,
        numbered.subject,

        cast(sum(numbered.affected_rows) as int64) as affected_rows,
        string_agg(
            case when numbered.place <= 3 then numbered.example end, '; '
            order by numbered.place
        ) as detail,

        min(
            case
                when numbered.severity != 'block' then null
                when numbered.spoils_own_date then numbered.game_date
                else {{ add_days('numbered.game_date', 1) }}
            end
        ) as spoils_from,
        max(
            case
                when numbered.severity = 'block'
                    then coalesce(season_ends.last_game_date, numbered.game_date)
            end
        ) as spoils_until

    from numbered
    left join season_ends on numbered.season_year = season_ends.season_year
    group by
        numbered.check_name, numbered.severity, numbered.game_date, numbered.season_year,
        numbered.subject

)

select * from final
