{#- Fingerprints of what each date would be computed from, as of now, from staging: of all of history
    (int_input_hashes), or of the run's window alone, which needs no more of it than the run may read
    (int_window_input_hashes). -#}
{% macro input_hashes(of_window=false) -%}
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
    {%- if of_window %}
    where {{ in_history('game_date') }}
    {%- endif %}

),

players as (

    select * from {{ ref('stg_nba__players') }}

),

team_box as (

    select * from {{ ref('stg_nba__team_box') }}
    {%- if of_window %}
    where {{ in_history('game_date') }}
    {%- endif %}

),

shots as (

    select * from {{ ref('stg_nba__shots') }}
    {%- if of_window %}
    where {{ in_history('game_date') }}
    {%- endif %}

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

player_facts as (

    select
        player_box.game_date,
        {{ sum_of_hashes(row_hash(
            player + ['game_date', ('minutes_played', 'double')] + player_measures + ['win_flag']
        )) }} as player_games,
        {{ sum_of_hashes(row_hash(player)) }} as participants
    from player_box
    inner join players on player_box.player_id = players.player_id
    group by player_box.game_date

),

team_facts as (

    select
        game_date,
        {{ sum_of_hashes(row_hash(
            ['game_id', 'team_abbr', 'game_date', ('team_minutes', 'double')]
            + team_measures
            + ['win_flag']
        )) }} as team_games
    from team_box
    group by game_date

),

-- Counted first: there are eight times as many shots as players.
shots_by_player as (

    select
        game_date,
        game_id,
        player_id,
        {%- for zone in ['paint', 'mid_range', 'three_pt'] %}
        count(case when shot_zone = '{{ zone }}' then 1 end) as {{ zone }}_attempts,
        count(case when shot_zone = '{{ zone }}' and shot_made then 1 end) as {{ zone }}_makes,
        {%- endfor %}
        count(*) as attempts
    from shots
    group by game_date, game_id, player_id

),

shot_facts as (

    select
        game_date,
        {{ sum_of_hashes(row_hash([
            'game_id', 'player_id', 'game_date', 'paint_attempts', 'paint_makes',
            'mid_range_attempts', 'mid_range_makes', 'three_pt_attempts', 'three_pt_makes', 'attempts',
        ])) }} as shots
    from shots_by_player
    group by game_date

),

-- Of the day itself also whether its games are played: until then the slate says who takes part.
schedule_facts as (

    select
        game_date,
        {{ sum_of_hashes(row_hash(
            ['game_id', 'home_team_abbr', 'away_team_abbr', 'season_type', 'game_date']
        )) }} as schedule,
        {{ sum_of_hashes(row_hash(
            ['game_id', 'home_team_abbr', 'away_team_abbr', 'season_type', 'is_final']
        )) }} as day_schedule
    from games
    group by game_date

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

-- The running sums of the season's games before the date, and the day's own facts.
known as (

    select
        game_dates.season_year,
        game_dates.game_date,
        game_dates.is_bootstrap,
        sum(player_facts.player_games) over earlier as player_games,
        sum(team_facts.team_games) over earlier as team_games,
        sum(shot_facts.shots) over earlier as shots,
        sum(schedule_facts.schedule) over earlier as schedule,
        schedule_facts.day_schedule,
        player_facts.participants,
        slates.slate,
        exhibitions.exhibitions
    from game_dates
    left join player_facts on game_dates.game_date = player_facts.game_date
    left join team_facts on game_dates.game_date = team_facts.game_date
    left join shot_facts on game_dates.game_date = shot_facts.game_date
    left join schedule_facts on game_dates.game_date = schedule_facts.game_date
    left join slates on game_dates.game_date = slates.game_date
    left join exhibitions on game_dates.game_date = exhibitions.game_date
    window earlier as (
        partition by game_dates.season_year order by game_dates.game_date
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
    {%- if of_window %}
    where {{ in_window('game_date') }}
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from final
{%- endmacro %}
