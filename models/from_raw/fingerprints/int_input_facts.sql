{%- set player_measures = [
    'points', 'fg_makes', 'fg_attempts', 'three_pt_makes', 'three_pt_attempts', 'ft_makes',
    'ft_attempts', 'offensive_rebounds', 'defensive_rebounds', 'rebounds', 'assists', 'steals',
    'blocks', 'turnovers', 'personal_fouls', 'plus_minus',
] %}
{%- set team_measures = [
    'points', 'fg_makes', 'fg_attempts', 'three_pt_makes', 'three_pt_attempts', 'ft_makes',
    'ft_attempts', 'offensive_rebounds', 'defensive_rebounds', 'rebounds', 'assists', 'steals',
    'blocks', 'turnovers', 'personal_fouls',
] %}
{#- The lookup belongs to the key: a new player of the same name changes it in old games, too. -#}
{%- set player = ['game_id', 'player_box.player_id', 'players.player_lookup', 'team_abbr'] %}

with

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

shots_by_player as (

    select * from {{ ref('stg_nba__shots_by_player') }}

),

injury_events as (

    select * from {{ ref('stg_nba__injury_events') }}

),

betting_lines as (

    select * from {{ ref('stg_nba__betting_lines') }}

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

slate_dates as (

    select distinct game_date
    from games
    where not is_final

),

-- Betting lines are used on a slate only, never on a date that has been played.
slate_facts as (

    select
        slate_dates.game_date,
        {{ sum_of_hashes(row_hash([
            'betting_lines.game_id', ('betting_lines.game_total', 'double'),
            ('betting_lines.home_spread', 'double'),
        ])) }} as slate
    from slate_dates
    inner join betting_lines on slate_dates.game_date = betting_lines.game_date
    group by slate_dates.game_date

),

-- By the day of the transaction, which may not be a game date.
injury_facts as (

    select
        event_date as game_date,
        {{ sum_of_hashes(row_hash(
            ['team_abbr', 'folded_name', 'name_stem', 'player_status', 'event_date']
        )) }} as injuries
    from injury_events
    group by event_date

),

final as (
    {%- for fact, facts in {
        'player_games': 'player_facts',
        'participants': 'player_facts',
        'team_games': 'team_facts',
        'shots': 'shot_facts',
        'slate': 'slate_facts',
        'injuries': 'injury_facts',
    }.items() %}

    select
        game_date,
        '{{ fact }}' as fact,
        {{ fact }} as fact_hash
    from {{ facts }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from final
