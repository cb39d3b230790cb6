with

player_names as (

    select * from {{ ref('stg_nba__player_names') }}

),

-- A player whose name has changed gets the newest one.
newest as (

    select *
    from player_names
    where true
    qualify row_number() over (
        partition by universal_player_id order by newest_game_date desc, player_lookup desc
    ) = 1

),

final as (

    select
        universal_player_id,
        universal_player_id as player_id,
        case
            when count(*) over (partition by player_lookup) > 1
                then concat(player_lookup, '_', universal_player_id)
            else player_lookup
        end as player_lookup,
        player_lookup as folded_name,
        player_lookup as name_stem,
        coalesce(player_full_name, player_lookup) as player_full_name,
        cast(null as string) as player_position
    from newest

)

select * from final
