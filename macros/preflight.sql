{#- What several models of the preflight share. -#}

{#- The columns of a box score that the formulas read: those of players, those of teams. -#}
{% macro player_numbers() -%}
    {{ return([
        'minutes_played', 'points', 'fg_makes', 'fg_attempts', 'three_pt_makes', 'three_pt_attempts',
        'ft_makes', 'ft_attempts', 'turnovers',
    ]) }}
{%- endmacro %}
{% macro team_numbers() -%}
    {{ return(['team_minutes', 'points', 'fg_attempts', 'ft_attempts', 'offensive_rebounds', 'turnovers']) }}
{%- endmacro %}


{#- The share of NULLs, or of missing shots, that the formulas are made for. -#}
{% macro tolerated_share() -%}0.1e0{%- endmacro %}


{#- A query for the newest rows of the keys that a relation has more than once, with how many rows the key has
    (`copies`). `newest` lists the columns that say which row is newer; equally new ones are all given. What is
    ranked are stamps, not rows: a window over all columns takes five times as long. -#}
{% macro newest_of_repeated_keys(relation, key, newest) -%}
    with

    repeats as (

        select
            {{ key | join(', ') }},
            count(*) as copies
        from {{ relation }}
        group by {{ key | join(', ') }}
        having count(*) > 1

    ),

    stamps as (

        select
            repeats.*
            {%- for column in newest %},
            candidates.{{ column }}
            {%- endfor %}
        from {{ relation }} as candidates
        inner join repeats
            on
                {%- for column in key %}
                {{ 'and ' if not loop.first }}candidates.{{ column }} = repeats.{{ column }}
                {%- endfor %}
        where true
        qualify row_number() over (
            partition by repeats.{{ key | join(', repeats.') }}
            order by candidates.{{ newest | join(' desc, candidates.') }} desc
        ) = 1

    )

    select
        candidates.*,
        stamps.copies
    from {{ relation }} as candidates
    inner join stamps
        on
            {%- for column in key %}
            {{ 'and ' if not loop.first }}candidates.{{ column }} = stamps.{{ column }}
            {%- endfor %}
    where
        {%- for column in newest %}
        {{ 'and ' if not loop.first }}coalesce(candidates.{{ column }} = stamps.{{ column }}, stamps.{{ column }} is null)
        {%- endfor %}
{%- endmacro %}


{#- How many different rows a group has, by the values of these columns; NULL is a value. -#}
{% macro count_versions(relation, columns) -%}
    count(
        distinct concat(
            {%- for column in columns %}
            coalesce(cast({{ relation }}.{{ column }} as string), 'NULL'), '|',
            {%- endfor %}
            ''
        )
    )
{%- endmacro %}
