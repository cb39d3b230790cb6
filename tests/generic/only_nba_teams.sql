{#- A team code is one of the 30 in the seed `nba_teams` (contract R3). NULL passes: add not_null where a
    code must be there.

    Example: `- only_nba_teams` on team_abbr fails with every row of LBN, the All-Star squad, or of MRA, the
    preseason visitor.

    Why it matters: an exhibition team brings invented opponents and pace, and drops out of every join with
    the real ones.

    How to fix: staging keeps games of 30 teams only; find the model that reads a raw table instead. A
    franchise that changed its code belongs in the seed. -#}
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
