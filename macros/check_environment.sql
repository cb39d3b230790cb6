{#- on-run-start: checks the names of datasets, which dbt alone would accept as they are.
    (orchestrator/core/environment.py checks all variables. Under plain dbt, NBA_PHASE3 and NBA_TIMEZONE are checked
    where they are read; dbt checks those of the profile, as it opens the warehouse before any macro runs.) -#}
{% macro check_environment() -%}
    {%- if execute -%}
        {%- for word in [
            'RAW_DATASET', 'STAGING_DATASET', 'ANALYTICS_DATASET', 'INTERMEDIATE_DATASET', 'PRECOMPUTE_DATASET',
            'REFERENCE_DATASET', 'PHASE5_DATASET', 'PHASE5_VIEW_NAME',
        ] -%}
            {%- set variable = 'NBA_' ~ word -%}
            {%- set name = env_var(variable, 'nba') -%}
            {%- if not modules.re.match('^[A-Za-z_][A-Za-z0-9_]*$', name) -%}
                {{ exceptions.raise_compiler_error(
                    variable ~ (" is '" ~ name ~ "'" if name else " is empty") ~ ": set it to a "
                    ~ ("view" if word.endswith('NAME') else "dataset") ~ "'s name (letters, digits and underscores), or unset it"
                ) }}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
