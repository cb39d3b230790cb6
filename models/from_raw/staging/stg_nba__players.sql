with

player_box as (

    select * from {{ source('nba_raw', 'player_box') }}

),

players as (

    select * from {{ source('nba_raw', 'players') }}

),

newest_profiles as (

    select
        player_id,
        player_name,
        position
    from players
    where true
    qualify row_number() over (partition by player_id order by ingested_at desc) = 1

),

newest_box_names as (

    select
        player_id,
        player_name
    from player_box
    where true
    qualify row_number() over (
        partition by player_id
        order by game_date desc, ingested_at desc, game_id desc
    ) = 1

),

named as (

    select
        coalesce(newest_profiles.player_id, newest_box_names.player_id) as player_id,
        coalesce(newest_profiles.player_name, newest_box_names.player_name) as player_full_name,
        newest_profiles.position as player_position
    from newest_profiles
    full outer join newest_box_names on newest_profiles.player_id = newest_box_names.player_id

),

folded as (

    select
        *,
        {{ fold_name('player_full_name') }} as folded_name,
        {{ name_stem('player_full_name') }} as name_stem
    from named

),

final as (

    select
        cast(player_id as string) as universal_player_id,
        player_id,
        case
            when count(*) over (partition by folded_name) > 1
                then concat(folded_name, '_', cast(player_id as string))
            else folded_name
        end as player_lookup,
        folded_name,
        name_stem,
        player_full_name,
        player_position
    from folded

)

select * from final
