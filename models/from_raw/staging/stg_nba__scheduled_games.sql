with

games as (

    select * from {{ source('nba_raw', 'games') }}

),

nba_teams as (

    select * from {{ ref('nba_teams') }}

),

newest as (

    select *
    from games
    where true
    qualify row_number() over (partition by game_id order by ingested_at desc) = 1

),

counting as (

    select
        newest.game_id,
        newest.home_team as home_team_abbr,
        newest.away_team as away_team_abbr,

        -- Sources print 0-0 before a game.
        case when newest.home_score + newest.away_score != 0 then newest.home_score end
            as home_score,
        case when newest.home_score + newest.away_score != 0 then newest.away_score end
            as away_score,

        newest.season_type,
        {{ is_called_off('newest.game_status') }} as is_called_off,

        newest.game_date,
        coalesce(
            cast(substr(newest.season, 1, 4) as int64), {{ season_year('newest.game_date') }}
        ) as season_year

    from newest
    inner join nba_teams as home_teams on newest.home_team = home_teams.team_abbr
    inner join nba_teams as away_teams on newest.away_team = away_teams.team_abbr
    -- Filter after choosing the newest row, because that row may say that the game does not count.
    where newest.season_type in ('regular', 'play_in', 'playoffs')

),

judged as (

    select
        *,
        home_score is not null and away_score is not null as is_final
    from counting

),

final as (

    select
        game_id,
        home_team_abbr,
        away_team_abbr,

        home_score,
        away_score,

        season_type,
        is_final,
        {{ was_not_played() }} as was_not_played,

        game_date,
        season_year

    from judged

)

select * from final
