{%- set carried = [
    'points', 'fg_makes', 'fg_attempts', 'three_pt_makes', 'three_pt_attempts', 'ft_makes',
    'ft_attempts', 'offensive_rebounds', 'defensive_rebounds', 'assists', 'steals', 'blocks',
    'turnovers', 'personal_fouls', 'plus_minus', 'paint_makes', 'paint_attempts',
    'mid_range_makes', 'mid_range_attempts', 'assisted_fg_makes', 'unassisted_fg_makes',
] %}

-- Inputs are fingerprinted before they are read: depends_on {{ ref('int_window_input_hashes') }}

with

player_box as (

    select * from {{ ref('stg_nba__player_box') }}
    where {{ in_history('game_date') }}

),

team_box as (

    select * from {{ ref('stg_nba__team_box') }}
    where {{ in_history('game_date') }}

),

players as (

    select * from {{ ref('stg_nba__players') }}

),

schedule as (

    select * from {{ ref('int_team_schedule') }}
    where {{ in_history('game_date') }}

),

-- Rates are computed from counts where possible, because the external table's rates are rounded.
final as (

    select
        players.player_lookup,
        players.universal_player_id,
        players.player_full_name,
        player_box.game_id,
        player_box.team_abbr,
        schedule.opponent_team_abbr,

        player_box.minutes_played,
        {%- for column in carried %}
        player_box.{{ column }},
        {%- endfor %}
        coalesce({{ usage_rate('player_box', 'team_box') }}, player_box.rounded_usage_rate)
            as usage_rate,
        coalesce({{ true_shooting('player_box') }}, player_box.rounded_ts_pct) as ts_pct,
        coalesce({{ effective_shooting('player_box') }}, player_box.rounded_efg_pct) as efg_pct,

        player_box.season_type,
        schedule.home_game,
        team_box.win_flag,
        player_box.has_zone_data,
        {{ is_active_game('player_box') }} as is_active,

        player_box.game_date,
        player_box.season_year

    from player_box
    inner join players on player_box.player_id = players.player_id
    inner join schedule
        on player_box.game_id = schedule.game_id and player_box.team_abbr = schedule.team_abbr
    left join team_box
        on
            player_box.game_date = team_box.game_date
            and player_box.team_abbr = team_box.team_abbr

)

select * from final
