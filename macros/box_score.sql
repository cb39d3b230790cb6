{#- The formulas of Phase 3 (contract section 3). Each takes the alias of a box-score row, so that raw box scores and
    an external Phase 3 share them. -#}

{#- True shooting attempts: a free throw counts as 0.44 of an attempt, because not every one ends a possession. -#}
{% macro true_attempts(box) -%}
    {{ box }}.fg_attempts + 0.44e0 * {{ box }}.ft_attempts
{%- endmacro %}


{#- A player's share of his team's possessions while he was on the floor, percent. -#}
{% macro usage_rate(player, team) -%}
    100 * {{ ratio(
        '(' ~ true_attempts(player) ~ ' + ' ~ player ~ '.turnovers) * ' ~ team ~ '.team_minutes / 5',
        player ~ '.minutes_played * (' ~ true_attempts(team) ~ ' + ' ~ team ~ '.turnovers)'
    ) }}
{%- endmacro %}


{% macro true_shooting(box) -%}
    {{ ratio(box ~ '.points', '2 * (' ~ true_attempts(box) ~ ')') }}
{%- endmacro %}


{% macro effective_shooting(box) -%}
    {{ ratio(box ~ '.fg_makes + 0.5e0 * ' ~ box ~ '.three_pt_makes', box ~ '.fg_attempts') }}
{%- endmacro %}


{% macro possessions(box) -%}
    {{ true_attempts(box) }} - {{ box }}.offensive_rebounds + {{ box }}.turnovers
{%- endmacro %}


{#- Possessions per 48 minutes, the mean of both teams. Both rows have the column `possessions`. -#}
{% macro pace(own, opponent) -%}
    48 * {{ ratio(
        '(' ~ own ~ '.possessions + ' ~ opponent ~ '.possessions) / 2', own ~ '.team_minutes / 5'
    ) }}
{%- endmacro %}


{% macro offensive_rating(box) -%}
    100 * {{ ratio(box ~ '.points', box ~ '.possessions') }}
{%- endmacro %}
