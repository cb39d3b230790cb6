-- The logic versions that today's code would write, with a fingerprint of the project's files:
-- while the files are the same, a reader can use these versions without running dbt.

with

final as (
    {%- for table in phase4_tables() %}

    select
        '{{ table }}' as table_name,
        '{{ logic_version(table) }}' as logic_version,
        '{{ var("project_files", "unknown") }}' as project_files
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from final
