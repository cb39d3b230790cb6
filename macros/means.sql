{#- Means over a window of games (contract R8): NULL unless the value is known in at least half of the window's games,
    so that "last 10" is never one game. NULLs are skipped. `over` is what follows the aggregates: ' over last_10' for
    a window, empty for a group. `games` is the SQL that counts the games, for groups that hold more rows than the
    window. -#}

{% macro mean_of_known(value, over='', games='count(*)') -%}
    case when {{ is_known_in_half(value, over, games) }} then avg({{ value }}){{ over }} end
{%- endmacro %}


{#- The same for doubles: the sum must not depend on the order of addition (see summable). -#}
{% macro double_mean_of_known(value, over='', games='count(*)') -%}
    case
        when {{ is_known_in_half(value, over, games) }}
            then cast(avg({{ summable(value) }}){{ over }} as {{ type_double() }})
    end
{%- endmacro %}


{% macro is_known_in_half(value, over='', games='count(*)') -%}
    2 * count({{ value }}){{ over }} >= {{ games }}{{ over }}
{%- endmacro %}
