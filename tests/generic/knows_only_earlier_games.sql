{#- The newest game that went into a row was played before the row's date (contract R1). NULL fails too: after
    bootstrap every row is made from at least one game.

    Example: a row of 2022-01-15 with newest_source_game_date 2022-01-15 fails.

    Why it matters: a feature that has seen the game it predicts makes every backtest look brilliant and every live
    prediction fail.

    How to fix: compare dates only through the macros of `macros/as_of.sql`, and carry the newest date of every input
    along with `latest`. -#}
{% test knows_only_earlier_games(model) %}

select *
from {{ model }}
{#- Written out on purpose: a test that used the macro would share its mistakes. #}
where not coalesce(newest_source_game_date < analysis_date, false)

{% endtest %}
