{%- set player_counts = [
    'points', 'fg_makes', 'fg_attempts', 'three_pt_makes', 'three_pt_attempts', 'ft_makes',
    'ft_attempts', 'offensive_rebounds', 'defensive_rebounds', 'assists', 'steals', 'blocks',
    'turnovers', 'personal_fouls', 'plus_minus', 'assisted_fg_makes', 'unassisted_fg_makes',
] %}
{%- set player_doubles = [
    ('minutes_played', 'double'), ('rounded_usage_rate', 'double'), ('rounded_ts_pct', 'double'),
    ('rounded_efg_pct', 'double'),
] %}
{%- set team_counts = [
    'points', 'fg_makes', 'fg_attempts', 'three_pt_makes', 'three_pt_attempts', 'ft_makes',
    'ft_attempts', 'offensive_rebounds', 'defensive_rebounds', 'rebounds', 'assists', 'steals',
    'blocks', 'turnovers', 'personal_fouls', 'win_flag',
] %}
{%- set team_doubles = [
    ('team_minutes', 'double'), ('rounded_possessions', 'double'), ('rounded_pace', 'double'),
    ('rounded_offensive_rating', 'double'),
] %}
{%- set defense_counts = [
    'points_allowed', 'opp_paint_makes', 'opp_paint_attempts', 'opp_mid_range_makes',
    'opp_mid_range_attempts', 'opp_three_pt_makes', 'opp_three_pt_attempts',
    'points_in_paint_allowed', 'blocks_paint', 'blocks_mid_range', 'blocks_three_pt',
    'has_zone_data',
] %}
{%- set upcoming_counts = [
    'player_status', 'star_teammates_out', 'player_age', 'days_rest', 'games_in_last_7_days',
    'games_in_last_14_days', 'back_to_backs_last_14_days',
] %}
{%- set upcoming_doubles = [
    ('game_total', 'double'), ('game_spread', 'double'), ('projected_usage_rate', 'double'),
    ('minutes_in_last_7_days', 'double'), ('avg_minutes_per_game_last_7', 'double'),
    ('minutes_in_last_14_days', 'double'), ('avg_usage_rate_last_7_games', 'double'),
] %}
{#- The lookup belongs to the key: a new player of the same name changes it in old games, too. -#}
{%- set player = ['game_id', 'players.universal_player_id', 'players.player_lookup', 'team_abbr'] %}

with

player_box as (

    select * from {{ ref('stg_nba__player_box') }}

),

players as (

    select * from {{ ref('stg_nba__players') }}

),

team_box as (

    select * from {{ ref('stg_nba__team_box') }}

),

team_defense as (

    select * from {{ ref('stg_nba__team_defense') }}

),

upcoming_players as (

    select * from {{ ref('stg_nba__upcoming_players') }}

),

player_facts as (

    select
        player_box.game_date,
        {{ sum_of_hashes(row_hash(player + player_doubles + player_counts)) }} as player_games,
        {{ sum_of_hashes(row_hash(player)) }} as participants,
        {{ sum_of_hashes(row_hash([
            'game_id', 'players.universal_player_id', 'paint_makes', 'paint_attempts',
            'mid_range_makes', 'mid_range_attempts', 'has_zone_data',
        ])) }} as shots
    from player_box
    inner join players on player_box.player_id = players.player_id
    group by player_box.game_date

),

-- The two external team tables together make one fact.
team_rows as (

    select
        game_date,
        {{ row_hash(['game_id', 'team_abbr'] + team_doubles + team_counts) }} as row_hash
    from team_box

    union all

    select
        game_date,
        {{ row_hash(
            ['game_id', 'defending_team_abbr', ('rounded_defensive_rating', 'double')]
            + defense_counts
        ) }} as row_hash
    from team_defense

),

team_facts as (

    select
        game_date,
        {{ sum_of_hashes('row_hash') }} as team_games
    from team_rows
    group by game_date

),

-- The pre-tip context is read for past games, too.
slate_facts as (

    select
        upcoming_players.game_date,
        {{ sum_of_hashes(row_hash(player + upcoming_doubles + upcoming_counts)) }} as slate
    from upcoming_players
    inner join players on upcoming_players.player_id = players.player_id
    group by upcoming_players.game_date

),

final as (
    {%- for fact, facts in {
        'player_games': 'player_facts',
        'participants': 'player_facts',
        'team_games': 'team_facts',
        'shots': 'player_facts',
        'slate': 'slate_facts',
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
