{#- on-run-start: names of datasets, which plain dbt would take as they are. (orchestrator/core/environment.py looks at all
    variables; NBA_PHASE3 and NBA_TIMEZONE are looked at where they are read, and those of the profile by dbt, which
    opens the warehouse before any macro has a say.) -#}
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
