{#- A team code is one of the 30 in the seed `nba_teams` (contract R3). NULL passes: add never_null for a column that
    must have a code.

    Example: `- only_nba_teams` on team_abbr fails with every row of LBN, the All-Star squad, or of MRA, the preseason
    visitor.

    Why it matters: an exhibition team distorts opponents and pace, and drops out of every join with NBA teams.

    How to fix: staging keeps only games of the 30 teams; find the model that bypasses it and reads a raw table. If a
    franchise has changed its code, put that into the seed. -#}
{% test only_nba_teams(model, column_name) %}

with

checked as (

    select * from {{ model }}

)

select checked.*
from checked
left join {{ ref('nba_teams') }} as nba_teams on checked.{{ column_name }} = nba_teams.team_abbr
where checked.{{ column_name }} is not null and nba_teams.team_abbr is null

{% endtest %}
