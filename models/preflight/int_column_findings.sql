{{ config(materialized='ephemeral') }}
{#- The inputs, as whoever has to correct them knows them. -#}
{%- set player_table = input_table('player_box') %}
{%- set team_table = input_table('team_box') %}

{#- Columns that are told of when unknown, with the counts of unknown values and of rows. -#}
{%- set counted = {} %}
{%- for column in player_numbers() %}
{%- do counted.update({player_table ~ '.' ~ column: ('players_without_' ~ column, 'players')}) %}
{%- endfor %}
{%- for column in team_numbers() %}
{%- do counted.update({team_table ~ '.' ~ column: ('teams_without_' ~ column, 'team_rows')}) %}
{%- endfor %}

with

sides as (

    select * from {{ ref('int_game_sides') }}

),

whole_games as (

    select * from {{ ref('int_whole_games') }}

),

whole_dates as (

    select
        game_date,
        season_year,
        {%- for unknown_rows, _ in counted.values() %}
        sum({{ unknown_rows }}) as {{ unknown_rows }},
        {%- endfor %}
        sum(players) as players,
        sum(team_rows) as team_rows
    from sides
    group by game_date, season_year

),

-- One line per column, so that it can be told over which dates the source lacks it.
columns_read as (
    {%- for subject in counted %}

    select '{{ subject }}' as subject
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

columns_by_date as (

    select
        columns_read.subject,
        case columns_read.subject
            {%- for subject, (unknown_rows, _) in counted.items() %}
            when '{{ subject }}' then whole_dates.{{ unknown_rows }}
            {%- endfor %}
        end as unknown_rows,
        case columns_read.subject
            {%- for subject, (_, box_rows) in counted.items() %}
            when '{{ subject }}' then whole_dates.{{ box_rows }}
            {%- endfor %}
        end as box_rows,
        whole_dates.game_date,
        whole_dates.season_year
    from whole_dates
    cross join columns_read

),

findings as (

    -- Unknown minutes are NULL downstream, which is right; a form that lacks points is wrong.
    select
        'player_numbers_unknown' as check_name,
        players_without_points as affected_rows,
        concat(
            'game ', game_id, ': points are NULL in ', cast(players_without_points as string),
            ' of ', cast(players as string), ' rows of {{ player_table }}'
        ) as example,
        cast(null as string) as subject,
        game_date,
        season_year
    from whole_games
    where
        others_have_points_of_players
        and players_without_points > {{ tolerated_share() }} * players

    union all

    select
        'team_numbers_unknown' as check_name,
        team_rows as affected_rows,
        concat(
            'game ', game_id, ': NULL in ',
            {%- for column in team_numbers() %}
            case when teams_without_{{ column }} > 0 then '{{ column }}, ' else '' end,
            {%- endfor %}
            'of {{ team_table }}'
        ) as example,
        cast(null as string) as subject,
        game_date,
        season_year
    from whole_games
    where
        false
        {%- for column in team_numbers() %}
        or (others_have_{{ column }}_of_teams and teams_without_{{ column }} > 0)
        {%- endfor %}

    union all

    select
        'unknown_values' as check_name,
        unknown_rows as affected_rows,
        concat(
            subject, ' is NULL in ', cast(unknown_rows as string), ' of ',
            cast(box_rows as string), ' rows'
        ) as example,
        subject,
        game_date,
        season_year
    from columns_by_date
    where unknown_rows > {{ tolerated_share() }} * box_rows

),

final as (

    select
        check_name,
        affected_rows,
        example,
        subject,
        cast(null as boolean) as spoils_own_date,
        game_date,
        season_year
    from findings

)

select * from final
