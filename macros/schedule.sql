{#- The schedule of games, and what a missing box score leaves unknown (contract R15). -#}

{#- A game was not played, and will not be on its date, when it is called off, or when the schedule knows a later
    game that was played. The row has is_final, is_called_off and game_date. Games of the newest date that was
    played are not among them: they may still be going on. -#}
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


{#- A number of the days before a date, from what was known before tip-off or else from the player's history: NULL where
    a game of his team that lies in these days could change it and has no box score (contract R15). A pre-tip context
    that knows games which the box scores lack as a kind is believed; it had the same hole. Conditions may be NULL. -#}
{% macro unless_missing(is_hole, is_gap, upcoming, history) -%}
    case
        when {{ is_hole }} then null
        when {{ is_gap }} then {{ upcoming }}
        else coalesce({{ upcoming }}, {{ history }})
    end
{%- endmacro %}


{#- Games of a team without a box score: of all of history (int_box_score_gaps), or of what the run may read
    (int_window_box_score_gaps). Bounds on both sides: one on the games alone would have BigQuery look for their box
    scores in every partition. -#}
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

-- A source that has no box score of a kind of game, as of the play-in, misses them; it has no hole.
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
        -- Until the box score comes, those whom the slate expects stand for those who played.
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
