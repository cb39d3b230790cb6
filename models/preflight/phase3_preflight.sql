{%- set subjects = [
    'int_repeated_row_findings', 'int_unmatched_box_findings', 'int_schedule_findings',
    'int_box_row_findings', 'int_box_number_findings', 'int_shot_findings', 'int_column_findings',
] %}

with

sides as (

    select * from {{ ref('int_game_sides') }}

),

checks as (

    select * from {{ ref('preflight_checks') }}

),

findings as (
    {%- for subject in subjects %}

    select * from {{ ref(subject) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

season_ends as (

    select
        season_year,
        max(game_date) as last_game_date
    from sides
    group by season_year

),

numbered as (

    select
        *,
        row_number() over (
            partition by check_name, subject, game_date order by example
        ) as place
    from findings

),

-- Who took part on a date is known to the date's own rows: what changes that spoils them, too.
judged as (

    select
        numbered.*,
        checks.severity,
        case
            when checks.severity != 'block' then null
            when coalesce(numbered.spoils_own_date, checks.spoils_from = 'own date')
                then numbered.game_date
            else {{ add_days('numbered.game_date', 1) }}
        end as spoils_from,
        case
            when checks.severity = 'block'
                then coalesce(season_ends.last_game_date, numbered.game_date)
        end as spoils_until
    from numbered
    left join checks on numbered.check_name = checks.check_name
    left join season_ends on numbered.season_year = season_ends.season_year

),

final as (

    select
        check_name,
        severity,
        game_date,
        season_year,
        subject,

        cast(sum(affected_rows) as int64) as affected_rows,
        string_agg(case when place <= 3 then example end, '; ' order by place) as detail,

        min(spoils_from) as spoils_from,
        max(spoils_until) as spoils_until

    from judged
    group by check_name, severity, game_date, season_year, subject

)

select * from final
