with

dates as (

    select * from {{ ref('int_analysis_dates') }}

),

team_games as (

    select * from {{ ref('team_defense_game_summary') }}
    where has_zone_data and {{ in_history('game_date') }}

),

team_rates as (

    select
        dates.analysis_date,
        team_games.defending_team_abbr,
        max(team_games.game_date) as newest_game_date,
        {{ ratio('sum(team_games.opp_paint_makes)', 'sum(team_games.opp_paint_attempts)') }}
            as paint_pct,
        {{ ratio('sum(team_games.opp_mid_range_makes)', 'sum(team_games.opp_mid_range_attempts)') }}
            as mid_range_pct,
        {{ ratio('sum(team_games.opp_three_pt_makes)', 'sum(team_games.opp_three_pt_attempts)') }}
            as three_pt_pct
    from dates
    inner join team_games
        on
            dates.season_year = team_games.season_year
            and {{ in_last_days('team_games.game_date', 'dates.analysis_date', 30) }}
    group by dates.analysis_date, team_games.defending_team_abbr
    having count(*) >= 10

),

league_rates as (

    select
        analysis_date,
        cast(avg({{ summable('paint_pct') }}) as {{ type_double() }}) as paint_pct,
        cast(avg({{ summable('mid_range_pct') }}) as {{ type_double() }}) as mid_range_pct,
        cast(avg({{ summable('three_pt_pct') }}) as {{ type_double() }}) as three_pt_pct,
        max(newest_game_date) as newest_game_date
    from team_rates
    group by analysis_date
    having count(*) >= 10

),

-- The usual rates, where too few teams qualify: in the first month and after a gap in shot data.
final as (

    select
        dates.analysis_date,

        coalesce(league_rates.paint_pct, 0.580e0) as paint_pct,
        coalesce(league_rates.mid_range_pct, 0.410e0) as mid_range_pct,
        coalesce(league_rates.three_pt_pct, 0.355e0) as three_pt_pct,

        case when league_rates.analysis_date is not null then 'measured' else 'constant' end
            as league_average_source,

        league_rates.newest_game_date

    from dates
    left join league_rates on dates.analysis_date = league_rates.analysis_date

)

select * from final
