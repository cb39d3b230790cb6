{#- Which games count for a player. The tables, their exclusions and the expected dates share this rule. -#}

{#- Did the player take part (contract R6)? `box` is the alias of his box-score row. If his minutes are unknown, any
    number that only a player on the floor can have shows that he played. -#}
{% macro is_active_game(box) -%}
    {%- set on_the_floor = [
        'ft_attempts', 'rebounds', 'offensive_rebounds', 'defensive_rebounds', 'assists', 'steals', 'blocks',
        'turnovers', 'personal_fouls',
    ] -%}
    coalesce({{ box }}.minutes_played > 0, false)
    or coalesce({{ box }}.fg_attempts > 0, false)
    or coalesce({{ box }}.points > 0, false)
    or (
        {{ box }}.minutes_played is null
        and (
            coalesce({{ box }}.plus_minus != 0, false)
            {%- for count in on_the_floor %}
            or coalesce({{ box }}.{{ count }} > 0, false)
            {%- endfor %}
        )
    )
{%- endmacro %}
