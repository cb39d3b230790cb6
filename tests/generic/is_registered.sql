{#- Every value is an entry of a registry (a var in dbt_project.yml). NULL passes.

    Example: `is_registered: {arguments: {registry: coverage_states}}` on phase4_coverage.state fails for `stale`.

    Why it matters: the commands, the calendar and the docs describe a value by its entry in the registry.

    How to fix: add the entry to the registry, or correct the code that writes the value. -#}
{% test is_registered(model, column_name, registry) %}

select
    {{ column_name }} as unknown_value,
    count(*) as value_rows
from {{ model }}
where {{ column_name }} not in ('{{ var(registry).keys() | join("', '") }}')
group by {{ column_name }}

{% endtest %}
