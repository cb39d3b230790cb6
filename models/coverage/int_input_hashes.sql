-- What each date would be computed from, as of now: from staging, so that a correction is noticed
-- as soon as it is loaded, before anything is built from it.

{%- set player_measures = [
    'points', 'fg_makes', 'fg_attempts', 'three_pt_makes', 'three_pt_attempts', 'ft_makes',
    'ft_attempts', 'offensive_rebounds', 'defensive_rebounds', 'assists', 'steals', 'blocks',
    'turnovers', 'personal_fouls', 'plus_minus',
] %}
{%- set team_measures = [
    'points', 'fg_makes', 'fg_attempts', 'three_pt_makes', 'three_pt_attempts', 'ft_makes',
    'ft_attempts', 'offensive_rebounds', 'defensive_rebounds', 'rebounds', 'assists', 'steals',
    'blocks', 'turnovers', 'personal_fouls',
] %}
{#- The lookup is a key, too: a new namesake changes it for games long played. -#}
{%- set player = ['game_id', 'player_box.player_id', 'players.player_lookup', 'team_abbr'] %}
{%- set facts = ['player_games', 'team_games', 'shots', 'schedule'] %}

{#- What each table reads: which facts of earlier games, and which of the day itself. -#}
{%- set reads = {
    'team_defense_zone_analysis': {'facts': facts, 'day': []},
    'player_shot_zone_analysis': {'facts': ['player_games', 'shots', 'schedule'], 'day': []},
    'player_composite_factors': {'facts': facts, 'day': ['day_schedule', 'participants', 'slate']},
    'player_daily_cache': {'facts': facts, 'day': ['day_schedule', 'participants', 'slate']},
    'ml_feature_store': {'facts': facts, 'day': ['day_schedule', 'participants', 'slate']},
    'phase4_exclusions': {
        'facts': ['player_games', 'team_games', 'schedule'],
        'day': ['day_schedule', 'participants', 'slate', 'exhibitions'],
    },
} %}

with

game_dates as (

    select * from {{ ref('int_game_dates') }}

),

games as (

    select * from {{ ref('stg_nba__games') }}

),

player_box as (

    select * from {{ ref('stg_nba__player_box') }}

),

players as (

    select * from {{ ref('stg_nba__players') }}

),

team_box as (

    select * from {{ ref('stg_nba__team_box') }}

),

shots as (

    select * from {{ ref('stg_nba__shots') }}

),

injury_events as (

    select * from {{ ref('stg_nba__injury_events') }}

),

betting_lines as (

    select * from {{ ref('stg_nba__betting_lines') }}

),

non_nba_teams as (

    select * from {{ ref('stg_nba__non_nba_teams') }}

),

player_hashes as (

    select
        player_box.season_year,
        player_box.game_date,
        {{ row_hash(
            player + ['game_date', ('minutes_played', 'double')] + player_measures + ['win_flag']
        ) }} as row_hash,
        {{ row_hash(player) }} as participant_hash
    from player_box
    inner join players on player_box.player_id = players.player_id

),

by_date as (

    select
        season_year,
        game_date,
        'player_games' as fact,
        {{ sum_of_hashes('row_hash') }} as fact_hash
    from player_hashes
    group by season_year, game_date

    union all

    select
        season_year,
        game_date,
        'participants' as fact,
        {{ sum_of_hashes('participant_hash') }} as fact_hash
    from player_hashes
    group by season_year, game_date

    union all

    select
        season_year,
        game_date,
        'team_games' as fact,
        {{ sum_of_hashes(row_hash(
            ['game_id', 'team_abbr', 'game_date', ('team_minutes', 'double')]
            + team_measures
            + ['win_flag']
        )) }} as fact_hash
    from team_box
    group by season_year, game_date

    union all

    select
        season_year,
        game_date,
        'shots' as fact,
        {{ sum_of_hashes(row_hash(
            ['game_id', 'player_id', 'game_date', 'shot_zone', 'shot_made']
        )) }} as fact_hash
    from shots
    group by season_year, game_date

    union all

    select
        season_year,
        game_date,
        'schedule' as fact,
        {{ sum_of_hashes(row_hash(
            ['game_id', 'home_team_abbr', 'away_team_abbr', 'season_type', 'game_date']
        )) }} as fact_hash
    from games
    group by season_year, game_date

    union all

    -- Of the day itself also whether its games are played: until then the slate says who takes
    -- part.
    select
        season_year,
        game_date,
        'day_schedule' as fact,
        {{ sum_of_hashes(row_hash(
            ['game_id', 'home_team_abbr', 'away_team_abbr', 'season_type', 'is_final']
        )) }} as fact_hash
    from games
    group by season_year, game_date

),

slate_dates as (

    select distinct
        season_year,
        game_date
    from games
    where not is_final

),

-- Injuries and lines inform a slate, never a date that has been played.
slate_facts as (

    select
        slate_dates.game_date,
        {{ sum_of_hashes(row_hash([
            'injury_events.team_abbr', 'injury_events.folded_name', 'injury_events.player_status',
            'injury_events.event_date',
        ])) }} as fact_hash
    from slate_dates
    inner join injury_events
        on
            slate_dates.season_year = injury_events.season_year
            and {{ known_before('injury_events.event_date', 'slate_dates.game_date') }}
    group by slate_dates.game_date

    union all

    select
        slate_dates.game_date,
        {{ sum_of_hashes(row_hash([
            'betting_lines.game_id', ('betting_lines.game_total', 'double'),
            ('betting_lines.home_spread', 'double'),
        ])) }} as fact_hash
    from slate_dates
    inner join betting_lines on slate_dates.game_date = betting_lines.game_date
    group by slate_dates.game_date

),

slates as (

    select
        game_date,
        sum(fact_hash) as slate
    from slate_facts
    group by game_date

),

-- Exhibitions between two game dates are listed with the later one (see orchestrator/windows.py).
exhibition_rows as (

    select
        {{ row_hash(['non_nba_teams.team_abbr', 'non_nba_teams.game_date']) }} as row_hash,
        min(game_dates.game_date) as game_date
    from non_nba_teams
    inner join game_dates on non_nba_teams.game_date <= game_dates.game_date
    group by non_nba_teams.team_abbr, non_nba_teams.game_date

),

exhibitions as (

    select
        game_date,
        {{ sum_of_hashes('row_hash') }} as exhibitions
    from exhibition_rows
    group by game_date

),

dates as (

    select
        game_dates.season_year,
        game_dates.game_date,
        {%- for fact in facts + ['day_schedule', 'participants'] %}
        sum(case when by_date.fact = '{{ fact }}' then by_date.fact_hash end) as {{ fact }},
        {%- endfor %}
        game_dates.is_bootstrap
    from game_dates
    left join by_date on game_dates.game_date = by_date.game_date
    group by game_dates.season_year, game_dates.game_date, game_dates.is_bootstrap

),

-- The running sums of the season's games before the date, and the day's own facts.
known as (

    select
        dates.season_year,
        dates.game_date,
        dates.is_bootstrap,
        {%- for fact in facts %}
        sum(dates.{{ fact }}) over earlier as {{ fact }},
        {%- endfor %}
        dates.day_schedule,
        dates.participants,
        slates.slate,
        exhibitions.exhibitions
    from dates
    left join slates on dates.game_date = slates.game_date
    left join exhibitions on dates.game_date = exhibitions.game_date
    window earlier as (
        partition by dates.season_year order by dates.game_date
        rows between unbounded preceding and 1 preceding
    )

),

final as (
    {%- for table, read in reads.items() %}

    select
        '{{ table }}' as table_name,
        game_date as analysis_date,
        season_year,
        {{ hash_of_sums(['is_bootstrap'] + read.facts + read.day) }} as input_hash
    from known
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from final
