{#- The kind of game, by the league's number. -#}
{%- set kind = "case when length(game_id) = 10 then substr(game_id, 1, 3) end" %}
{#- A final game was played, even if its scores are unknown. 0-0 is printed before a game. -#}
{%- set is_final = 'coalesce(game_status = 3, false)'
    ~ ' and coalesce(home_team_score + away_team_score, 1) != 0' %}

with

schedule as (

    select * from {{ source('nba_external_raw', 'nbac_schedule') }}
    where {{ any_date('game_date') }}

),

-- A postponed game keeps its id and gets another date.
newest as (

    select
        *,
        {{ kind }} as kind
    from schedule
    where true
    qualify {{ is_newest(['game_id'], ['game_status', 'game_date']) }}

),

typed as (

    select
        concat(
            replace(cast(game_date as string), '-', ''),
            '_', away_team_tricode, '_', home_team_tricode
        ) as game_id,
        home_team_tricode as home_team_abbr,
        away_team_tricode as away_team_abbr,

        case when {{ is_final }} then cast(home_team_score as int64) end as home_score,
        case when {{ is_final }} then cast(away_team_score as int64) end as away_score,

        -- The stand-alone final of the Cup has its own kind; the other games of the Cup are
        -- regular-season games.
        case
            when coalesce(is_all_star, false) or kind in ('001', '003', '006') then 'exhibition'
            when kind = '005' or playoff_round = 'play_in' then 'play_in'
            when kind = '004' or is_playoffs then 'playoffs'
            when is_emirates_cup and not is_regular_season then 'exhibition'
            when kind = '002' or is_regular_season then 'regular'
            else 'exhibition'
        end as season_type,
        {{ is_final }} as is_final,
        {{ is_called_off('game_status_text') }} as is_called_off,

        game_date,
        coalesce(cast(season_year as int64), {{ season_year('game_date') }}) as season_year,
        processed_at,
        created_at

    from newest
    where away_team_tricode != '' and home_team_tricode != ''

),

-- A game may be listed under two numbers.
final as (

    select
        game_id,
        home_team_abbr,
        away_team_abbr,
        home_score,
        away_score,
        season_type,
        is_final,
        is_called_off,
        game_date,
        season_year
    from typed
    where true
    qualify {{ is_newest(['game_id'], ['home_score', 'away_score', 'season_type']) }}

)

select * from final
