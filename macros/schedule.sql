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
