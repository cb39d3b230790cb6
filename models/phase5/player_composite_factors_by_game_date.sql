-- game_date is the renamed analysis_date, by which the table is partitioned: so BigQuery
-- prunes by it.

{%- set own = ['player_lookup', 'universal_player_id', 'analysis_date', 'game_date', 'built_at'] %}

with

{{ our_mark() }} as (

    select * from {{ stored_or_empty(ref('player_composite_factors')) }}

),

final as (

    select
        player_lookup,
        universal_player_id,
        analysis_date as game_date,

        {%- for name in columns_besides('player_composite_factors', own) %}
        {{ name }},
        {%- endfor %}

        built_at

    from {{ our_mark() }}

)

select * from final
