{#- Which games were played, and what a missing box score leaves unknown (contract R15). -#}

{#- A game was not played on its date, and will not be, if it is called off or if a later game has been played. The
    row needs is_final, is_called_off and game_date. Games on the newest date with a played game are left out: they
    may still be going on. -#}
{% macro was_not_played() -%}
    not is_final
        and (
            is_called_off
            or coalesce(game_date < max(case when is_final then game_date end) over (), false)
        )
{%- endmacro %}


{#- Does the schedule say that the game was called off? `status` is text or NULL. -#}
{% macro is_called_off(status) -%}
    coalesce(
        lower({{ status }}) like '%postponed%'
        or lower({{ status }}) like '%cancel%'
        or lower({{ status }}) = 'ppd',
        false
    )
{%- endmacro %}


{#- A number over the days before a date: the value known before tip-off, or else the one from the player's history
    (contract R15). NULL if his team has a hole in these days, because the pre-tip context lacked the same game. If
    the source has no box scores of that kind of game at all, only the pre-tip context is used: it may know these
    games. Conditions may be NULL. -#}
{% macro unless_missing(is_hole, is_gap, upcoming, history) -%}
    case
        when {{ is_hole }} then null
        when {{ is_gap }} then {{ upcoming }}
        else coalesce({{ upcoming }}, {{ history }})
    end
{%- endmacro %}


{#- A team's games without a box score: in all of history (int_box_score_gaps), or in what the run may read
    (int_window_box_score_gaps). Games and box scores are both bounded by date: with a bound on the games alone,
    BigQuery would look for their box scores in every partition. -#}
{% macro box_score_gaps(of_window=false) -%}
with

schedule as (

    select * from {{ ref('int_team_schedule') }}
    {%- if of_window %}
    where {{ in_history('game_date') }}
    {%- endif %}

),

player_box as (

    select * from {{ ref('stg_nba__player_box') }}
    {%- if of_window %}
    where {{ in_history('game_date') }}
    {%- endif %}

),

boxes as (

    select distinct
        game_id,
        team_abbr,
        season_type,
        game_date,
        season_year
    from player_box

),

-- A source without any box scores of a kind of game, such as the play-in, has missing games but no
-- holes.
kinds as (

    select
        season_year,
        season_type,
        min(game_date) as first_box_date
    from boxes
    group by season_year, season_type

),

final as (

    select
        schedule.game_id,
        schedule.team_abbr,
        schedule.opponent_team_abbr,

        schedule.season_type,
        schedule.home_game,
        schedule.is_final,
        boxes.game_id is not null as has_box_score,
        -- Until the box score comes, the players of the slate stand for those who played.
        not schedule.is_final or coalesce(kinds.first_box_date <= schedule.game_date, false)
            as is_on_slate,

        schedule.games_played_season as game_number,

        schedule.game_date,
        kinds.first_box_date,
        schedule.season_year

    from schedule
    left join boxes
        on schedule.game_id = boxes.game_id and schedule.team_abbr = boxes.team_abbr
    left join kinds
        on
            schedule.season_year = kinds.season_year
            and schedule.season_type = kinds.season_type
    where boxes.game_id is null or not schedule.is_final

)

select * from final
{%- endmacro %}
