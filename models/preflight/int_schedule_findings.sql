{{ config(materialized='ephemeral') }}
with

scheduled_games as (

    select * from {{ ref('stg_nba__scheduled_games') }}

),

whole_games as (

    select * from {{ ref('int_whole_games') }}

),

late_boxes as (

    select * from {{ ref('int_box_score_gaps') }}
    where is_final and is_on_slate

),

findings as (

    select
        'late_box_score' as check_name,
        count(*) as affected_rows,
        concat(
            'game ', late_boxes.game_id, ': ',
            max(scheduled_games.home_team_abbr), '-', max(scheduled_games.away_team_abbr),
            case
                when count(*) = 1
                    then concat(', no box score of ', max(late_boxes.team_abbr), ' yet')
                else ', no box score yet'
            end
        ) as example,
        late_boxes.game_date,
        late_boxes.season_year
    from late_boxes
    inner join scheduled_games on late_boxes.game_id = scheduled_games.game_id
    group by late_boxes.game_id, late_boxes.game_date, late_boxes.season_year

    union all

    select
        'no_box' as check_name,
        1 as affected_rows,
        concat(
            'game ', game_id, ': a final score and ',
            case
                when team_rows > 0 then 'no rows in {{ input_table('player_box') }}'
                else 'no box score'
            end
        ) as example,
        game_date,
        season_year
    from whole_games
    where
        is_final
        and player_rows = 0
        and game_id not in (select late_boxes.game_id from late_boxes)

    union all

    select
        'no_final_score' as check_name,
        1 as affected_rows,
        concat('game ', game_id, ': a box score and no final score') as example,
        game_date,
        season_year
    from whole_games
    where scores < 2 and player_rows + team_rows > 0

    union all

    select
        'game_not_played' as check_name,
        1 as affected_rows,
        concat(
            'game ', game_id, ': ', home_team_abbr, '-', away_team_abbr,
            ' has no score, though it was called off or later games have been played'
        ) as example,
        game_date,
        season_year
    from scheduled_games
    where was_not_played

),

final as (

    select
        check_name,
        affected_rows,
        example,
        cast(null as string) as subject,
        cast(null as boolean) as spoils_own_date,
        game_date,
        season_year
    from findings

)

select * from final
