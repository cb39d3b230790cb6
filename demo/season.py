"""One season from the first warm-up to the last final, written to the league's files."""

from __future__ import annotations

import numpy as np

from demo import games, lineups, schedule
from demo.games import Box, League
from demo.league import (
    ALL_STAR_IDS,
    ALL_STARS,
    ARENA,
    ARENA_CITY,
    EAST,
    HOURS_BEHIND,
    NICKNAME,
    RISING_STARS,
    TEAM_ID,
    TEAM_NAME,
    TRICODE,
    VISITORS,
    Population,
)
from demo.odds import closing_lines
from demo.schedule import Slate
from demo.shots import shot_columns
from demo.tables import Columns, LeagueFiles

SOURCE = "demo"
# Dates of the first season without shots: upstream really went quiet like this in 2022.
SHOTS_STOP, SHOTS_RESUME = "01-06", "03-25"
# Known from other sources than the rest, under ids that were made up for them.
DERIVED_PLAY_IN = 2023

_HIGHER_SEED_HOSTS = np.array([True, True, False, False, True, False, True])
# Days after the first playoff Saturday on which each round's games are played.
_ROUND_DAYS = np.array(
    [
        [0, 2, 5, 7, 10, 12, 14],
        [16, 18, 20, 23, 25, 27, 29],
        [31, 33, 35, 37, 39, 41, 43],
        [47, 50, 53, 55, 58, 61, 64],
    ]
)
_UNKNOWN_IN_PLAYOFFS = ("fgm", "fga", "fg3m", "fg3a", "ftm", "fta", "oreb", "dreb", "pf")


class Season:
    """The season that starts in `year`, played by the population as it stands."""

    def __init__(
        self,
        rng: np.random.Generator,
        files: LeagueFiles,
        population: Population,
        year: int,
        shots_go_quiet: bool,
    ):
        self.rng = rng
        self.files = files
        self.population = population
        self.year = year
        self.name = f"{year}-{(year + 1) % 100:02d}"
        self.shots_go_quiet = shots_go_quiet
        self.slates: list[Slate] = []  # of the games that count, in order of date
        self.league = League.of_season(rng, population.skills())
        self.rosters = lineups.build(rng, population, schedule.playing_dates(year))

    def write(self) -> None:
        """Play and write everything, in the order it happens."""
        self._preseason()
        regular = self._regular_season()
        self._cup_final(regular)
        self._all_star_weekend()
        wins = np.bincount(np.where(regular.home_won, regular.slate.home, regular.slate.away), minlength=30)
        # Standings, best first; a tie goes to whoever the toss of a coin prefers.
        standing = np.argsort(-(wins + 0.5 * self.rng.random(30)), kind="stable")
        east, west = standing[EAST[standing]], standing[~EAST[standing]]
        east_seeds, west_seeds = self._play_in(east, west)
        self._playoffs(np.concatenate([east_seeds, west_seeds]), standing)
        self._add_injuries()

    # --- the parts of a season ----------------------------------------------------------------

    def _preseason(self) -> None:
        slate = schedule.preseason(self.rng, self.year)
        rows = self._games("preseason", self._ids(1, 1 + np.arange(len(slate))), slate)
        # A few games are against clubs from abroad, the first of them at theirs.
        codes = self.rng.permutation(list(VISITORS))[:5]
        for visit, game in enumerate(self.rng.choice(len(slate), len(codes), replace=False)):
            side = "home" if visit == 0 else "away"
            _rename(rows, game, side, str(codes[visit]), VISITORS[codes[visit]])
        rows["home_score"], rows["away_score"] = self._made_up_scores(len(slate), 112)
        self.files.add("games", rows)

    def _regular_season(self) -> Box:
        slate = schedule.regular_season(self.rng, self.year)
        tip = self._tips(slate)
        order = np.lexsort((tip.astype(str), slate.day))
        slate, tip = slate[order], tip[order]
        box = self._play(slate)
        self.slates.append(slate)
        game_id = self._ids(2, 1 + np.arange(len(slate)))
        gap = (
            (slate.day >= np.datetime64(f"{self.year + 1}-{SHOTS_STOP}"))
            & (slate.day < np.datetime64(f"{self.year + 1}-{SHOTS_RESUME}"))
            & self.shots_go_quiet
        )
        rows = self._games("regular", game_id, slate, box)
        self.files.add("games", rows | {"tip_et": tip, "has_player_box": True, "has_shots": ~gap})
        self._add_boxes("regular", game_id, box)
        self._add_shots(game_id, box, ~gap)
        for lines in closing_lines(self.rng, box, game_id, self.name):
            self.files.add("odds", lines)
        return box

    def _cup_final(self, regular: Box) -> None:
        """One extra game that counts for nothing, known by its score."""
        day = schedule.CUP_FINAL.get(self.year)
        if day is None:
            return
        before = regular.slate.day < day
        margin = regular.score[:, 0] - regular.score[:, 1]
        signed = np.stack([margin, -margin], axis=1).ravel()[np.repeat(before, 2)]
        form = np.bincount(regular.slate[before].row_team, signed, minlength=30)
        finalists = [int(np.argmax(np.where(side, form, -np.inf))) for side in (~EAST, EAST)]
        slate = Slate(np.array([day]), np.array(finalists[:1]), np.array(finalists[1:]))
        rows = self._games("cup_final", self._ids(6, np.array([1])), slate, self._play(slate))
        rows |= {"tip_et": "20:30:00", "arena": "T-Mobile Arena", "arena_city": "Las Vegas"}
        self.files.add("games", rows)

    def _all_star_weekend(self) -> None:
        """Squads that are no team: three short games on Friday, and the game on Sunday."""
        host = np.full(4, self.rng.integers(0, 30))
        sunday = schedule.all_star_sunday(self.year)
        day = sunday - np.array([2, 2, 2, 0])
        rows = self._games("all_star", self._ids(3, np.array([4, 5, 6, 1])), Slate(day, host, host))
        iah, wor, bar, pay = RISING_STARS
        for game, (home, away) in enumerate([(iah, wor), (bar, pay), (iah, bar)]):
            _rename(rows, game, "home", home, RISING_STARS[home])
            _rename(rows, game, "away", away, RISING_STARS[away])
        home, away = ALL_STARS[(self.year - 2021) % len(ALL_STARS)]
        _rename(rows, 3, "home", home, ALL_STAR_IDS[0])
        _rename(rows, 3, "away", away, ALL_STAR_IDS[1])
        rows["tip_et"] = np.array(["21:00:00", "21:30:00", "22:00:00", "20:00:00"], dtype=object)
        short, long = self._made_up_scores(3, 40), self._made_up_scores(1, 170)
        # East against West was played, but its score is missing upstream.
        unknown = np.array([False, False, False, home == "EST"])
        for side, first, last in zip(("home", "away"), short, long, strict=True):
            score = np.concatenate([first, last])
            rows[f"{side}_score"] = np.ma.masked_array(score, mask=unknown)
        self.files.add("games", rows)

    def _play_in(self, east: np.ndarray, west: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Six games, known by their scores; return the eight seeds of each conference."""
        sunday = schedule.playing_dates(self.year)[-1]
        sides = np.stack([east, west])  # (conference, standing)
        first = Slate(sunday + np.array([2, 2, 3, 3]), sides[:, [6, 8]].T.ravel(), sides[:, [7, 9]].T.ravel())
        opening = self._play(first)
        winner = np.where(opening.home_won, first.home, first.away)
        loser = np.where(opening.home_won, first.away, first.home)
        second = Slate(np.full(2, sunday + 5), loser[:2], winner[2:])
        closing = self._play(second)
        eighth = np.where(closing.home_won, second.home, second.away)
        self._add_play_in(np.array([101, 121, 111, 131]), opening)
        self._add_play_in(np.array([201, 211]), closing)
        self.slates += [first, second]
        seeds = np.column_stack([sides[:, :6], winner[:2], eighth])
        return seeds[0], seeds[1]

    def _add_play_in(self, number: np.ndarray, box: Box) -> None:
        rows = self._games("play_in", self._ids(5, number), box.slate, box)
        if self.year == DERIVED_PLAY_IN:
            day = box.slate.day.astype(str).astype(object)
            rows["game_id"] = "derived:" + day + ":" + rows["away_team"] + "@" + rows["home_team"]
            rows |= {"tip_et": "", "arena": "", "arena_city": ""}
        self.files.add("games", rows)

    def _playoffs(self, seeds: np.ndarray, standing: np.ndarray) -> None:
        """Four rounds of best of seven among sixteen teams, seeds 1-8 East, then West."""
        place = np.argsort(standing)
        start = schedule.playing_dates(self.year)[-1] + 6
        bracket = np.array([0, 7, 1, 6, 2, 5, 3, 4])
        pairs = seeds[np.concatenate([bracket, 8 + bracket])].reshape(-1, 2)
        for number, days in enumerate(_ROUND_DAYS, start=1):
            pairs = np.where((place[pairs[:, 0]] < place[pairs[:, 1]])[:, None], pairs, pairs[:, ::-1])
            winner = self._series(number, pairs, start + days)
            if number == 1:
                # 1-8 meets 4-5 and 2-7 meets 3-6.
                winner = winner.reshape(2, 4)[:, [0, 3, 1, 2]].ravel()
            pairs = winner.reshape(-1, 2) if number < 4 else pairs

    def _series(self, number: int, pairs: np.ndarray, days: np.ndarray) -> np.ndarray:
        """Play a round's series, higher seed first in each pair; return the winners.

        All seven games are played; those after the fourth win never happened.
        """
        series, nth = np.divmod(np.arange(7 * len(pairs)), 7)
        at_higher = _HIGHER_SEED_HOSTS[nth]
        higher, lower = pairs[series].T
        slate = Slate(
            days[nth] + series % 2,
            np.where(at_higher, higher, lower),
            np.where(at_higher, lower, higher),
        )
        box = self._play(slate)
        higher_wins = np.cumsum((box.home_won == at_higher).reshape(-1, 7), axis=1)
        lower_wins = np.arange(1, 8) - higher_wins
        decided = np.maximum(higher_wins, lower_wins) >= 4
        happened = np.cumsum(decided, axis=1) <= decided
        game_id = self._ids(4, 100 * number + 10 * series + nth + 1)
        label = _series_labels(higher, lower, higher_wins.ravel(), lower_wins.ravel())
        keep = np.flatnonzero(happened.ravel())
        keep = keep[np.argsort(slate.day[keep], kind="stable")]
        box = box.only(keep)
        self.slates.append(box.slate)
        rows = self._games("playoffs", game_id[keep], box.slate, box)
        self.files.add("games", rows | {"label": label[keep], "has_player_box": True})
        self._add_boxes("playoffs", game_id[keep], box)
        length = happened.sum(axis=1) - 1
        take = np.arange(len(pairs))
        return np.where(higher_wins[take, length] == 4, pairs[:, 0], pairs[:, 1])

    # --- rows ---------------------------------------------------------------------------------

    def _play(self, slate: Slate) -> Box:
        second_night = schedule.second_nights(slate)
        who = lineups.choose(self.rng, self.rosters, self.population, slate, second_night)
        return games.play(self.rng, self.league, slate, who)

    def _ids(self, kind: int, number: np.ndarray) -> np.ndarray:
        """Ids like 0022100001: kind of game, two-digit year, number."""
        prefix = f"00{kind}{self.year % 100:02d}"
        return np.array([f"{prefix}{n:05d}" for n in number.tolist()], dtype=object)

    def _tips(self, slate: Slate) -> np.ndarray:
        """Tip-off (US Eastern) by game: an evening at the home team's place."""
        local = self.rng.choice([15.5, 19.0, 19.5, 20.0], len(slate), p=[0.06, 0.5, 0.24, 0.2])
        eastern = np.where(local < 18, local, local + np.minimum(HOURS_BEHIND[slate.home], 3))
        eastern = np.minimum(eastern, 22.5)
        clock = np.array([f"{h // 2:02d}:{30 * (h % 2):02d}:00" for h in range(48)], dtype=object)
        return clock[(2 * eastern).astype(int)]

    def _made_up_scores(self, count: int, mean: float) -> tuple[np.ndarray, np.ndarray]:
        """Scores of games nobody played here, never level."""
        home = np.rint(self.rng.normal(mean, mean / 11, count)).astype(int)
        away = np.rint(self.rng.normal(mean, mean / 11, count)).astype(int)
        return home, np.where(away == home, away + 1, away)

    def _games(self, season_type: str, game_id: np.ndarray, slate: Slate, box: Box | None = None) -> Columns:
        """Rows of `games.parquet`, at home arenas, without box score or shots."""
        score = box.score if box is not None else np.zeros((len(slate), 2), dtype=int)
        rows: Columns = {
            "game_id": game_id,
            "game_date": slate.day,
            "tip_et": self._tips(slate),
            "season": self.name,
            "season_type": season_type,
            "home_score": score[:, 0],
            "away_score": score[:, 1],
            "arena": ARENA[slate.home],
            "arena_city": ARENA_CITY[slate.home],
            "label": "",
            "has_player_box": False,
            "has_shots": False,
            "source": SOURCE,
        }
        for side, team in (("home", slate.home), ("away", slate.away)):
            rows[f"{side}_team_id"] = TEAM_ID[team]
            rows[f"{side}_team"] = TRICODE[team]
            rows[f"{side}_team_name"] = TEAM_NAME[team]
            rows[f"{side}_is_nba"] = np.full(len(slate), True)
        return rows

    def _add_boxes(self, season_type: str, game_id: np.ndarray, box: Box) -> None:
        team = box.slate.row_team
        opponent = team.reshape(-1, 2)[:, ::-1].ravel()
        is_home = np.tile([True, False], len(box.slate))
        won = np.stack([box.home_won, ~box.home_won], axis=1).ravel()
        shared: Columns = {
            "game_id": np.repeat(game_id, 2),
            "game_date": box.slate.row_day,
            "team_id": TEAM_ID[team],
            "team_abbreviation": TRICODE[team],
            "is_home": is_home,
            "wl": np.where(won, "W", "L").astype(object),
        }
        constants = {"season": self.name, "season_type": season_type, "source": SOURCE}

        row, place = np.nonzero(box.who >= 0)
        counts = {name: values[row, place] for name, values in box.counts.items()}
        rates = {
            "fg_pct": _fraction(counts["fgm"], counts["fga"]),
            "fg3_pct": _fraction(counts["fg3m"], counts["fg3a"]),
            "ft_pct": _fraction(counts["ftm"], counts["fta"]),
        }
        if season_type == "playoffs":
            for name in _UNKNOWN_IN_PLAYOFFS:
                counts[name] = np.ma.masked_all_like(counts[name])
        person = box.who[row, place]
        self.files.add(
            "player_box",
            {name: values[row] for name, values in shared.items()}
            | {"opponent": TRICODE[opponent][row]}
            | {
                "player_id": self.population.player_id[person],
                "player_name": self.population.name[person],
            }
            | (counts | rates | constants),
        )

        totals = {name: values.sum(axis=1) for name, values in box.counts.items()}
        totals["plus_minus"] = totals["plus_minus"] // 5
        if season_type == "playoffs":
            totals["min"] = np.repeat(48 + 5 * box.overtimes, 2)
        matchup = TRICODE[team] + np.where(is_home, " vs. ", " @ ").astype(object)
        self.files.add(
            "team_box",
            shared
            | {
                "game_date": box.slate.row_day.astype(str).astype(object),
                "team_name": TEAM_NAME[team],
                "matchup": matchup + TRICODE[opponent],
                "opponent_abbreviation": TRICODE[opponent],
            }
            | (totals | constants),
        )

    def _add_shots(self, game_id: np.ndarray, box: Box, known: np.ndarray) -> None:
        row, place = np.nonzero((box.who >= 0) & np.repeat(known, 2)[:, None])
        game = row // 2
        columns = shot_columns(
            self.rng,
            box.attempts[row, place],
            box.makes[row, place],
            game,
            box.overtimes[game],
        )
        shooter = columns.pop("player_game")
        row, place, game = row[shooter], place[shooter], game[shooter]
        person, team = box.who[row, place], box.slate.row_team
        home, away = TRICODE[box.slate.home], TRICODE[box.slate.away]
        self.files.add(
            "shots",
            columns
            | {
                "season": self.name,
                "game_id": game_id[game],
                "game_date": box.slate.day[game],
                "player_id": self.population.player_id[person],
                "player_name": self.population.name[person],
                "team_id": TEAM_ID[team][row],
                "team": TRICODE[team][row],
                "opponent": TRICODE[team][row ^ 1],
                "home_team": home[game],
                "away_team": away[game],
                "source": SOURCE,
            },
        )

    def _add_injuries(self) -> None:
        events = lineups.injury_events(self.rng, self.rosters, schedule.joined(self.slates))
        name = self.population.name[events.player]
        self.files.add(
            "injuries",
            {
                "event_date": events.day,
                "team_nickname": NICKNAME[events.team],
                "player_name": name,
                "acquired": np.where(events.activated, name, None),
                "relinquished": np.where(events.activated, None, name),
                "notes": events.notes,
                "estimated_days_out": events.days_out,
                "source": SOURCE,
            },
        )


def _rename(rows: Columns, game: int, side: str, code: str, team_id: int) -> None:
    """Make one side of a game a team that is not in the league, and has no name in the files."""
    rows[f"{side}_team"][game] = code
    rows[f"{side}_team_id"][game] = team_id
    rows[f"{side}_team_name"][game] = None
    rows[f"{side}_is_nba"][game] = False


def _series_labels(higher, lower, higher_wins, lower_wins) -> np.ndarray:
    """Texts like 'BOS leads series 2-1'."""
    ahead, behind = np.maximum(higher_wins, lower_wins), np.minimum(higher_wins, lower_wins)
    leader = TRICODE[np.where(higher_wins >= lower_wins, higher, lower)]
    state = np.where(ahead == 4, " wins series ", " leads series ").astype(object)
    tied = ahead == behind
    score = np.array([f"{a}-{b}" for a, b in zip(ahead, behind, strict=True)], dtype=object)
    return np.where(tied, "Series tied " + score, leader + state + score)


def _fraction(made: np.ndarray, tried: np.ndarray) -> np.ma.MaskedArray:
    """Made per attempt to three decimals, as published; masked without attempts."""
    rate = np.round(made / np.maximum(tried, 1), 3)
    return np.ma.masked_array(rate, mask=tried == 0)
