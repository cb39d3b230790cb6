-- The content hash of every receipt of the window matches the rows that the table has on the date:
-- nobody has changed, added or removed any since.

{%- set tables = phase4_tables() %}

with

receipts as (

    select * from {{ source('nba_bookkeeping', 'receipts') }}
    where {{ in_window('analysis_date') }}

),

contents as (
    {%- for table in tables %}
    {%- set node = graph.nodes.get('model.' ~ project_name ~ '.' ~ table) %}

    select
        '{{ table }}' as table_name,
        analysis_date,
        {{ sum_of_content(node.columns) if node else 0 }} as content_sum
    from {{ ref(table) }}
    where {{ in_window('analysis_date') }}
    group by analysis_date
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

compared as (

    select
        receipts.table_name,
        receipts.analysis_date,
        receipts.content_hash,
        {{ hash_of_sums(['contents.content_sum']) }} as hash_of_the_rows
    from receipts
    left join contents
        on
            receipts.table_name = contents.table_name
            and receipts.analysis_date = contents.analysis_date

)

select * from compared
where not coalesce(content_hash = hash_of_the_rows, false)
