{#- Means over a window of games (contract R8): NULL unless the value is known in at least half of the window's games, so
    that "last 10" is never one game. NULLs are skipped.

    `over` is what follows the aggregates: ' over last_10' for a window, nothing for a group; `games` counts the games,
    where those of the window are not all that are grouped. -#}

{% macro mean_of_known(value, over='', games='count(*)') -%}
    case when {{ is_known_in_half(value, over, games) }} then avg({{ value }}){{ over }} end
{%- endmacro %}


{#- The same of doubles, whose sums must not depend on their order (see summable). -#}
{% macro double_mean_of_known(value, over='', games='count(*)') -%}
    case
        when {{ is_known_in_half(value, over, games) }}
            then cast(avg({{ summable(value) }}){{ over }} as {{ type_double() }})
    end
{%- endmacro %}


{% macro is_known_in_half(value, over='', games='count(*)') -%}
    2 * count({{ value }}){{ over }} >= {{ games }}{{ over }}
{%- endmacro %}
