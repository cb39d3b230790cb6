-- No table of an external Phase 3 is known to have bets on players in one shape: no line is known.

with

schedule as (

    select * from {{ ref('int_team_schedule') }}

),

final as (

    select
        team_abbr as universal_player_id,
        game_id,
        team_abbr as market,
        cast(max(0) as {{ type_double() }}) as median_line,
        count(*) as bookmaker_count,
        cast(max(0) as {{ type_double() }}) as over_price,
        cast(max(0) as {{ type_double() }}) as under_price,
        array_agg(team_abbr) as line_bookmakers,
        array_agg(cast(0 as {{ type_double() }})) as lines_by_bookmaker
    from schedule
    where false
    group by team_abbr, game_id

)

select * from final
