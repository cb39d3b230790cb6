-- Empty: an external Phase 3 has no transactions; its pre-tip context has the status.

with

final as (

    select
        cast(null as string) as team_abbr,
        cast(null as string) as folded_name,
        cast(null as string) as name_stem,
        cast(null as string) as player_status,
        cast(null as date) as event_date
    from {{ ref('nba_teams') }}
    where false

)

select * from final
