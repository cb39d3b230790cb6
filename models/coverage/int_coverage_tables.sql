-- What the coverage views read. They were made just before, and no view can read a table that does
-- not exist yet: depends_on {{ ref('phase4_coverage') }}, {{ ref('int_window_coverage') }}

with

final as (
    {%- for table in phase4_tables() %}

    select
        '{{ table }}' as table_name,
        {{ is_built(ref(table)) | lower }} as is_read

    union all
    {%- endfor %}

    select
        'int_window_input_hashes' as table_name,
        {{ is_built(ref('int_window_input_hashes')) | lower }} as is_read

)

select * from final
