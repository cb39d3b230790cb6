{#- The window rule, and the only place that reads the vars `start` and `end`.

    Call these only from SQL bodies and hooks. A var in a *config* is frozen when the parsed project is reused for the
    next window, and the run would silently rebuild the wrong dates. -#}

{% macro _window() -%}
    {%- if not execute %}{{ return(['1970-01-01', '1970-01-07']) }}{% endif -%}
    {%- set today = _today() -%}
    {%- set start = _window_date('start') -%}
    {%- set end = _window_date('end') -%}
    {%- if end and not start -%}
        {{ exceptions.raise_compiler_error(
            "the window has an end (" ~ end ~ ") but no start: pass both, as in "
            ~ "--vars '{start: 2022-01-10, end: 2022-01-16}'"
        ) }}
    {%- endif -%}
    {%- set end = end or today | string -%}
    {%- set start = start or (today - modules.datetime.timedelta(days=6)) | string -%}
    {%- if start > end -%}
        {{ exceptions.raise_compiler_error(
            "the window is reversed: start " ~ start ~ " is after end " ~ end
            ~ (" (today in " ~ _time_zone() ~ ")" if not _window_date('end') else "")
            ~ "; pass --vars '{start: " ~ end ~ ", end: " ~ start ~ "}'"
        ) }}
    {%- endif -%}
    {{ return([start, end]) }}
{%- endmacro %}


{#- The date on which this run started, where the games are played (US Eastern). It is the same on a server in UTC and
    on a laptop in Europe, and does not change if the run goes past midnight. orchestrator/core/clock.py has the same
    rule. -#}
{% macro _today() -%}
    {{ return(run_started_at.astimezone(modules.pytz.timezone(_time_zone())).date()) }}
{%- endmacro %}


{#- The time zone that defines the day: NBA_TIMEZONE, or US Eastern, as in the schedule. -#}
{% macro _time_zone() -%}
    {%- set name = env_var('NBA_TIMEZONE', 'America/New_York') -%}
    {%- if name not in modules.pytz.all_timezones_set -%}
        {{ exceptions.raise_compiler_error(
            "NBA_TIMEZONE is '" ~ name ~ "', which is not a time zone: use a name such as America/New_York, or unset it"
        ) }}
    {%- endif -%}
    {{ return(name) }}
{%- endmacro %}


{#- The window as given, unchecked, for where the run's context is not available. -#}
{% macro asked_window() -%}{{ return([var('start', none), var('end', none)]) }}{%- endmacro %}


{#- A date var as an ISO string, whether it was quoted or not; none if it is not set. -#}
{% macro _window_date(name) -%}
    {%- set value = var(name, none) -%}
    {%- if value is none %}{{ return(none) }}{% endif -%}
    {%- set text = value | string | trim -%}
    {%- set day = try_or_compiler_error(
        name ~ " is '" ~ text ~ "', which is not a date: pass a day as YYYY-MM-DD, as in "
        ~ "--vars '{start: 2022-01-10, end: 2022-01-16}'",
        modules.datetime.date.fromisoformat, text
    ) -%}
    {{ return(day | string) }}
{%- endmacro %}


{#- First and last analysis_date that this run writes, as ISO strings (both inclusive). -#}
{% macro window_start() -%}{{ return(_window()[0]) }}{%- endmacro %}


{% macro window_end() -%}{{ return(_window()[1]) }}{%- endmacro %}


{#- What the run writes: `in_window('analysis_date')` is true for the dates that it replaces. -#}
{% macro in_window(column) -%}
    {{ column }} between date '{{ window_start() }}' and date '{{ window_end() }}'
{%- endmacro %}


{#- What the run may read: from 1 October of the season of `start` (opening night is never earlier) to `end`. Both
    bounds are constants, so that partitions are pruned. If `start` is in October, the bound is a year earlier,
    because the previous season may still be going on (2019-20 was). -#}
{% macro in_history(column) -%}
    {%- set start = window_start() -%}
    {%- set year = start[:4] | int -%}
    {%- if start[5:7] | int < 11 %}{% set year = year - 1 %}{% endif -%}
    {{ column }} between date '{{ '%04d' % year }}-10-01' and date '{{ window_end() }}'
{%- endmacro %}


{#- on-run-start: stops the run before any model if the window is invalid, so that the message stands alone. It also
    refuses dbt's own options for a window, which would have no effect: no model here is a microbatch. -#}
{% macro check_window() -%}
    {%- if execute -%}
        {%- if invocation_args_dict.event_time_start or invocation_args_dict.event_time_end -%}
            {{ exceptions.raise_compiler_error(
                "--event-time-start and --event-time-end have no effect here: pass the window as two vars, "
                ~ "--vars '{start: 2022-01-10, end: 2022-01-16}'"
            ) }}
        {%- endif -%}
        {%- do _window() -%}
    {%- endif -%}
{%- endmacro %}
