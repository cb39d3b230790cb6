{#- on-run-start: checks the names of datasets, which dbt alone would accept as they are.
    (orchestrator/core/environment.py checks all variables. Under plain dbt, NBA_PHASE3 and NBA_TIMEZONE are checked
    where they are read; dbt checks those of the profile, as it opens the warehouse before any macro runs.) -#}
{% macro check_environment() -%}
    {%- if execute -%}
        {%- for dataset in ['RAW', 'STAGING', 'ANALYTICS', 'INTERMEDIATE', 'PRECOMPUTE', 'REFERENCE'] -%}
            {%- set variable = 'NBA_' ~ dataset ~ '_DATASET' -%}
            {%- set name = env_var(variable, 'nba') -%}
            {%- if not modules.re.match('^[A-Za-z_][A-Za-z0-9_]*$', name) -%}
                {{ exceptions.raise_compiler_error(
                    variable ~ (" is '" ~ name ~ "'" if name else " is empty") ~ ": set it to a dataset's name "
                    ~ "(letters, digits and underscores), or unset it"
                ) }}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
