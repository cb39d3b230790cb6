-- No table of an external Phase 3 is known to have bets on players in one shape: no line is known.

with

games as (

    select * from {{ ref('stg_nba__games') }}

),

final as (

    select
        home_team_abbr as universal_player_id,
        game_id,
        home_team_abbr as market,
        cast(max(0) as {{ type_double() }}) as median_line,
        count(*) as bookmaker_count,
        cast(max(0) as {{ type_double() }}) as over_price,
        cast(max(0) as {{ type_double() }}) as under_price,
        array_agg(home_team_abbr) as line_bookmakers,
        array_agg(cast(0 as {{ type_double() }})) as lines_by_bookmaker
    from games
    where false
    group by home_team_abbr, game_id

)

select * from final
