{{ config(materialized='ephemeral') }}
with

repeated_rows as (

    select * from {{ ref('int_repeated_rows') }}

),

final as (

    select
        case when versions > 1 then 'ambiguous_rows' else 'repeated_rows' end as check_name,
        copies - 1 as affected_rows,
        concat(
            place_said, ': ', cast(copies as string), ' rows of ', entity, ' in ', table_name,
            case when versions > 1 then ', equally new and not equal' else '' end
        ) as example,
        cast(null as string) as subject,
        spoils_own_date,
        game_date,
        season_year
    from repeated_rows

)

select * from final
