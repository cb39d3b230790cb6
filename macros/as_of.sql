{#- The as-of rule (contract R1): a row may depend only on what was known before its day. Every comparison of a game's
    date with an analysis date goes through these macros. -#}

{#- Is `game_date` before `analysis_date`? Games of the day itself are not yet known. -#}
{% macro known_before(game_date, analysis_date) -%}
    {{ game_date }} < {{ analysis_date }}
{%- endmacro %}


{#- Is this row of running windows the newest one known on the date? `windows` has season_year, game_date and
    next_game_date (NULL for the last game so far); `dates` has season_year and analysis_date. A row is current from
    the day after its game up to the day of the next. -#}
{% macro newest_known(windows, dates) -%}
    {{ windows }}.season_year = {{ dates }}.season_year
        and {{ known_before(windows ~ '.game_date', dates ~ '.analysis_date') }}
        and not coalesce({{ known_before(windows ~ '.next_game_date', dates ~ '.analysis_date') }}, false)
{%- endmacro %}


{#- The latest of several dates, such as the newest game a row was made from. Skips NULLs; NULL when all are. -#}
{% macro latest(dates) -%}
    nullif(
        greatest({% for date in dates %}coalesce({{ date }}, date '0001-01-01'){{ ', ' if not loop.last }}{% endfor %}),
        date '0001-01-01'
    )
{%- endmacro %}


{#- "Last n days" (contract R7): the n days that end yesterday, [D - n, D - 1]. -#}
{% macro in_last_days(game_date, analysis_date, days) -%}
    {{ game_date }} >= {{ add_days(analysis_date, -days) }}
        and {{ known_before(game_date, analysis_date) }}
{%- endmacro %}
