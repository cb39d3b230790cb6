{#- The public tables, which games count for a player, and how many a table asks for: the tables, their
    exclusions and the dates that are expected must not come to differ on it. -#}

{#- Everything that has receipts: the five tables in the order they are made, and their exclusions. -#}
{% macro phase4_tables() -%}
    {{ return([
        'team_defense_zone_analysis',
        'player_shot_zone_analysis',
        'player_composite_factors',
        'player_daily_cache',
        'ml_feature_store',
        'phase4_exclusions',
    ]) }}
{%- endmacro %}


{#- Did the player take part (contract R6)? `box` is the alias of his box score row. Where his minutes are unknown,
    any number counts that only a player on the floor can have. -#}
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


{#- Games this season before a team or player has rows in a table (contract 4.1, 4.2 and 4.4). -#}
{% macro games_needed(table) -%}
    {{ return({
        'team_defense_zone_analysis': 15,
        'player_shot_zone_analysis': 10,
        'player_daily_cache': 5,
    }[table]) }}
{%- endmacro %}
