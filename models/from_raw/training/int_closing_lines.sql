with

betting_lines as (

    select * from {{ ref('stg_nba__betting_lines') }}

),

schedule as (

    select * from {{ ref('int_team_schedule') }}

),

final as (

    select
        schedule.game_id,
        schedule.team_abbr,
        case when schedule.home_game then 1 else -1 end * betting_lines.home_spread
            as closing_spread,
        betting_lines.game_total as closing_total
    from schedule
    inner join betting_lines on schedule.game_id = betting_lines.game_id

)

select * from final
