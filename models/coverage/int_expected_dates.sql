-- From the schedule and the box scores alone, never from the Phase 4 tables: what is expected must
-- not be learnt from what is there.

with

game_dates as (

    select * from {{ ref('int_game_dates') }}

),

player_box as (

    select * from {{ ref('stg_nba__player_box') }}

),

team_box as (

    select * from {{ ref('stg_nba__team_box') }}

),

slate_dates as (

    select * from {{ ref('int_slate_dates') }}

),

player_appearances as (

    select
        player_box.season_year,
        player_box.game_date,
        player_box.player_id,
        case when {{ is_active_game('player_box') }} then 1 else 0 end as active
    from player_box

),

active_games_so_far as (

    select
        season_year,
        game_date,
        sum(active) over (
            partition by season_year, player_id
            order by game_date
            range between unbounded preceding and current row
        ) as active_games,
        active
    from player_appearances

),

-- The first date that ends with a player on enough games: rows begin the game date after.
milestones as (

    select
        season_year,
        min(
            case when active_games >= {{ games_needed('player_daily_cache') }} then game_date end
        )
            as first_enough_for_cache,
        min(
            case
                when active_games >= {{ games_needed('player_shot_zone_analysis') }} then game_date
            end
        )
            as first_enough_for_zones
    from active_games_so_far
    group by season_year

),

dates_with_enough_for_cache as (

    select
        game_date,
        max(active_games - active) >= {{ games_needed('player_daily_cache') }}
            as participants_have_enough_for_cache
    from active_games_so_far
    group by game_date

),

team_games_so_far as (

    select
        season_year,
        game_date,
        row_number() over (partition by season_year, team_abbr order by game_date, game_id) as games
    from team_box

),

team_milestones as (

    select
        season_year,
        min(game_date) as first_enough_games
    from team_games_so_far
    where games = {{ games_needed('team_defense_zone_analysis') }}
    group by season_year

),

known as (

    select
        game_dates.*,
        game_dates.has_player_data or slate_dates.game_date is not null as has_participants,
        -- Of those who took part; before the game is played, of anybody.
        coalesce(
            dates_with_enough_for_cache.participants_have_enough_for_cache,
            {{ known_before('milestones.first_enough_for_cache', 'game_dates.game_date') }},
            false
        ) as players_have_enough_for_cache,
        coalesce(
            {{ known_before('milestones.first_enough_for_zones', 'game_dates.game_date') }}, false
        )
            as players_have_enough_for_zones,
        coalesce(
            {{ known_before('team_milestones.first_enough_games', 'game_dates.game_date') }}, false
        ) as teams_have_enough_games
    from game_dates
    left join milestones on game_dates.season_year = milestones.season_year
    left join team_milestones on game_dates.season_year = team_milestones.season_year
    left join dates_with_enough_for_cache
        on game_dates.game_date = dates_with_enough_for_cache.game_date
    left join slate_dates on game_dates.game_date = slate_dates.game_date

),

per_table as (

    select
        'team_defense_zone_analysis' as table_name,
        game_date,
        season_year,
        is_bootstrap,
        true as has_participants,
        teams_have_enough_games as has_enough_games
    from known

    union all

    select
        'player_shot_zone_analysis' as table_name,
        game_date,
        season_year,
        is_bootstrap,
        true as has_participants,
        players_have_enough_for_zones as has_enough_games
    from known

    union all

    select
        'player_composite_factors' as table_name,
        game_date,
        season_year,
        is_bootstrap,
        has_participants,
        true as has_enough_games
    from known

    union all

    select
        'player_daily_cache' as table_name,
        game_date,
        season_year,
        is_bootstrap,
        has_participants,
        players_have_enough_for_cache as has_enough_games
    from known

    union all

    select
        'ml_feature_store' as table_name,
        game_date,
        season_year,
        is_bootstrap,
        has_participants,
        true as has_enough_games
    from known

),

final as (

    select
        table_name,
        game_date as analysis_date,
        season_year,

        not is_bootstrap and has_participants and has_enough_games as is_expected,
        case
            when is_bootstrap then 'bootstrap'
            when not has_participants then 'no_player_data'
            when not has_enough_games then 'not_enough_games'
        end as not_expected_reason

    from per_table

)

select * from final
