{#- on-run-start: what every model needs is there, or the next step is named. -#}
{% macro check_warehouse() -%}
    {%- if execute and flags.WHICH in ('run', 'build') -%}
        {%- if not adapter.get_relation(target.database, 'nba_raw', 'games') -%}
            {{ exceptions.raise_compiler_error(
                "nba_raw.games is not in this warehouse: load raw data first, with "
                ~ "`python orchestrate.py demo` or `python orchestrate.py ingest --from DIR`"
            ) }}
        {%- endif -%}
        {%- if flags.WHICH == 'run' and not adapter.get_relation(target.database, 'nba_reference', 'feature_catalogue') -%}
            {{ exceptions.raise_compiler_error("the seeds are not in this warehouse: run `dbt seed` first") }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
