{%- set zone_counts = [
    'opp_paint_makes', 'opp_paint_attempts', 'opp_mid_range_makes', 'opp_mid_range_attempts',
    'opp_three_pt_makes', 'opp_three_pt_attempts', 'points_in_paint_allowed', 'blocks_paint',
    'blocks_mid_range', 'blocks_three_pt',
] %}

with

team_games as (

    select * from {{ source('nba_external', 'team_defense_game_summary') }}
    where {{ any_date('game_date') }}

),

games as (

    select * from {{ ref('stg_nba__games') }}

),

typed as (

    select
        defending_team_abbr,
        cast(points_allowed as int64) as points_allowed,
        cast(defensive_rating as {{ type_double() }}) as defensive_rating,
        {%- for column in zone_counts %}
        cast({{ column }} as int64) as {{ column }},
        {%- endfor %}
        -- If all zone counts are 0, there is no play-by-play.
        coalesce(opp_paint_attempts, 0) + coalesce(opp_mid_range_attempts, 0) > 0 as has_zone_data,
        game_date,
        processed_at,
        created_at
    from team_games

),

newest as (

    select *
    from typed
    where true
    qualify
        {{ is_newest(
            ['game_date', 'defending_team_abbr'],
            ['points_allowed', 'defensive_rating'] + zone_counts
        ) }}

),

final as (

    select
        games.game_id,
        newest.defending_team_abbr,
        games.season_type,

        newest.points_allowed,
        newest.defensive_rating as rounded_defensive_rating,
        {%- for column in zone_counts %}
        case when newest.has_zone_data then newest.{{ column }} end as {{ column }},
        {%- endfor %}

        newest.has_zone_data,

        newest.game_date,
        games.season_year

    from newest
    inner join games
        on
            newest.game_date = games.game_date
            and (
                newest.defending_team_abbr = games.home_team_abbr
                or newest.defending_team_abbr = games.away_team_abbr
            )

)

select * from final
