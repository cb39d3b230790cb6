"""Who is in the league: the thirty teams, the visitors, and a population of invented players."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ROSTER_SIZE = 17

# tricode | name | arena | arena city | division | hours behind US Eastern time.
# In the order of the league's own team ids, which start at 1610612737.
_TEAMS = """
ATL|Atlanta Hawks|State Farm Arena|Atlanta|Southeast|0
BOS|Boston Celtics|TD Garden|Boston|Atlantic|0
CLE|Cleveland Cavaliers|Rocket Mortgage FieldHouse|Cleveland|Central|0
NOP|New Orleans Pelicans|Smoothie King Center|New Orleans|Southwest|1
CHI|Chicago Bulls|United Center|Chicago|Central|1
DAL|Dallas Mavericks|American Airlines Center|Dallas|Southwest|1
DEN|Denver Nuggets|Ball Arena|Denver|Northwest|2
GSW|Golden State Warriors|Chase Center|San Francisco|Pacific|3
HOU|Houston Rockets|Toyota Center|Houston|Southwest|1
LAC|LA Clippers|Crypto.com Arena|Los Angeles|Pacific|3
LAL|Los Angeles Lakers|Crypto.com Arena|Los Angeles|Pacific|3
MIA|Miami Heat|Kaseya Center|Miami|Southeast|0
MIL|Milwaukee Bucks|Fiserv Forum|Milwaukee|Central|1
MIN|Minnesota Timberwolves|Target Center|Minneapolis|Northwest|1
BKN|Brooklyn Nets|Barclays Center|Brooklyn|Atlantic|0
NYK|New York Knicks|Madison Square Garden|New York|Atlantic|0
ORL|Orlando Magic|Amway Center|Orlando|Southeast|0
IND|Indiana Pacers|Gainbridge Fieldhouse|Indianapolis|Central|0
PHI|Philadelphia 76ers|Wells Fargo Center|Philadelphia|Atlantic|0
PHX|Phoenix Suns|Footprint Center|Phoenix|Pacific|2
POR|Portland Trail Blazers|Moda Center|Portland|Northwest|3
SAC|Sacramento Kings|Golden 1 Center|Sacramento|Pacific|3
SAS|San Antonio Spurs|AT&T Center|San Antonio|Southwest|1
OKC|Oklahoma City Thunder|Paycom Center|Oklahoma City|Northwest|1
TOR|Toronto Raptors|Scotiabank Arena|Toronto|Atlantic|0
UTA|Utah Jazz|Vivint Arena|Salt Lake City|Northwest|2
MEM|Memphis Grizzlies|FedExForum|Memphis|Southwest|1
WAS|Washington Wizards|Capital One Arena|Washington|Southeast|0
DET|Detroit Pistons|Little Caesars Arena|Detroit|Central|0
CHA|Charlotte Hornets|Spectrum Center|Charlotte|Southeast|0
"""


def _team_columns() -> list[np.ndarray]:
    rows = [line.split("|") for line in _TEAMS.strip().splitlines()]
    return [np.array(column, dtype=object) for column in zip(*rows, strict=True)]


TRICODE, TEAM_NAME, ARENA, ARENA_CITY, _DIVISION, _BEHIND = _team_columns()
TEAM_ID = 1610612737 + np.arange(30)
HOURS_BEHIND = _BEHIND.astype(int)
NICKNAME = np.array([name.split()[-1] for name in TEAM_NAME], dtype=object)

CONFERENCES = (("Atlantic", "Central", "Southeast"), ("Northwest", "Pacific", "Southwest"))
# DIVISIONS[conference][division] = its five team indexes; EAST[team] = plays in the East.
DIVISIONS = np.array([[np.flatnonzero(d == _DIVISION) for d in c] for c in CONFERENCES])
EAST = np.isin(_DIVISION, CONFERENCES[0])

# Teams that are not in the league: clubs on a preseason visit, and All-Star weekend squads.
VISITORS = {
    "RMD": 12315,
    "MRA": 50009,
    "ADL": 15019,
    "CNS": 15022,
    "NZB": 15020,
    "FLA": 12325,
    "ULM": 15025,
}
RISING_STARS = {"IAH": 1610616849, "WOR": 1610616850, "BAR": 1610616847, "PAY": 1610616848}
ALL_STARS = (("LBN", "DRT"), ("LBN", "GNS"), ("EST", "WST"))
ALL_STAR_IDS = (1610616834, 1610616833)

_GIVEN_NAMES = """
Jalen Marko Tariq Luka Devonte Andrés Kofi Nikola Théo Omar Deshawn Mateo Łukasz Isaiah Bjørn Cole
De'Andre Rafael Kristaps Malik Tomás Jordan Elias Goran Terrence Émile Amadou Caleb Đorđe Xavier
Mikael Jaylin O'Shea Viktor Darnell Sandro Keyon Jonas Alperen Trey Rui Bojan Marcus Ognjen Davion
Sébastien Kyler Ante Moussa Grant Jörg Tyrell Nemanja Dario Hassan Corey Vít Ismael Brandon Žiga
Rashad Pascal Emeka Logan Dāvis Jamir Tobias Cedric Uroš Wesley Nassir Filip Quentin Aleksej
Dante Ricardo Zaire Emil Hugo Kelvin
"""

_FAMILY_NAMES = """
Carter Veldić Okonjo Halloway Brandvold Šarančić Merriweather Dončević Adeyemi-Cole Kestrel
Ørsted Tillery Žukauskis D'Arbanville Mbeki Larkspur Ģērmanis Rosseau Quillfeather Petrošević
Lindqvist Abernathy Kowałczyk Fontaine Nwosu Birchwood Bērziņš Thackeray Đurđević Osei Calloway
Mahorić Winterbourne Castañeda Diarra Pemberton Jokubaitis O'Rourke Sørensen Vanterpool Krstić
Achterberg Dieng Longstreet Małecki Beauchemin Ndiaye Fairweather Ilić Güleç Trammell Zubčić
Hollister Keïta Radmanić Whitlock Ozolāns Barrineau Traoré Stanhope Müllner Cissoko Redfern
Božović Sinclair Ekwueme Harrow Papadakis Lafontant Ķēniņš Danforth Sylla Mirković Teague-Hill
Aldana Vašíček Boateng Rutherglen Popadić Camara Ellsworth Žižić-Horn Delacroix Nnamdi Marchetti
Pavlović Kingsbury Fofana Buģis Bogdanec Underhill Łapiński Mensah Crowder-Hale Savić Duquesne
Järvinen Okpara Westbrooke Tucović Hargrave Coulibaly Åkesson Novotný Bassey Pruitt-Lane Stojanec
Montclair Sané Radebe Thistlewood Jurčić Asante Greenlaw Bjelić Honeycutt
"""

_GIVEN, _FAMILY = _GIVEN_NAMES.split(), _FAMILY_NAMES.split()

# One name in this many repeats the name before it with other accents: two people whose names
# look the same once folded to plain letters.
_LOOKALIKE_EVERY = 150
_ACUTE = str.maketrans("aeiou", "áéíóú")


@dataclass(frozen=True)
class Trait:
    """A skill: its mean for each position (PG, SG, SF, PF, C), and how far players differ.

    `spread` is a fraction of the mean for rates and shares, and an absolute figure for
    percentages (fractions 0-1).
    """

    by_position: tuple[float, float, float, float, float]
    spread: float


# Relative weights per minute on the floor: who on a team takes, gets or gives away what.
RATES = {
    "fga": Trait((1.05, 1.05, 0.95, 0.95, 0.95), 0.22),
    "fta": Trait((1.00, 0.95, 0.90, 1.00, 1.30), 0.40),
    "oreb": Trait((0.35, 0.45, 0.70, 1.30, 2.40), 0.30),
    "dreb": Trait((0.75, 0.75, 0.95, 1.25, 1.60), 0.20),
    "ast": Trait((2.20, 1.20, 0.90, 0.80, 0.70), 0.35),
    "stl": Trait((1.20, 1.10, 1.00, 0.90, 0.80), 0.25),
    "blk": Trait((0.40, 0.50, 0.80, 1.10, 2.40), 0.35),
    "tov": Trait((1.30, 1.00, 0.90, 0.90, 1.00), 0.20),
    "pf": Trait((0.85, 0.90, 1.00, 1.10, 1.30), 0.20),
}
# Share of a player's shots by zone, then how often they fall: paint (<= 8 ft), mid-range, three.
SHARES = (
    Trait((0.36, 0.32, 0.35, 0.42, 0.66), 0.25),
    Trait((0.23, 0.20, 0.17, 0.17, 0.20), 0.45),
    Trait((0.45, 0.52, 0.52, 0.45, 0.19), 0.35),
)
PERCENTAGES = (
    Trait((0.58, 0.585, 0.60, 0.61, 0.635), 0.030),
    Trait((0.42, 0.415, 0.41, 0.405, 0.405), 0.035),
    Trait((0.365, 0.370, 0.365, 0.355, 0.335), 0.022),
)
FREE_THROW = Trait((0.81, 0.82, 0.79, 0.77, 0.71), 0.060)

_LATENT = 1 + len(RATES) + len(SHARES) + len(PERCENTAGES) + 1
# Year-on-year correlation of every latent skill: a player is recognisable, and drifts.
_PERSISTENCE = 0.92


class NameBook:
    """Hands out invented names, each (given, family) pair once."""

    def __init__(self, rng: np.random.Generator):
        self._order = rng.permutation(len(_GIVEN) * len(_FAMILY))
        self._next = 0
        self._handed_out = 0
        self._rng = rng

    def take(self, count: int) -> np.ndarray:
        """Return `count` names, now and then two that differ in accents only."""
        names: list[str] = []
        while len(names) < count:
            names.append(self._fresh())
            self._handed_out += 1
            if self._handed_out % _LOOKALIKE_EVERY == 1 and len(names) < count:
                names.append(names[-1].translate(_ACUTE))
        return np.array(names, dtype=object)

    def _fresh(self) -> str:
        given, family = divmod(int(self._order[self._next]), len(_FAMILY))
        self._next += 1
        suffix = self._rng.choice(["", " Jr.", " III"], p=[0.94, 0.045, 0.015])
        return f"{_GIVEN[given]} {_FAMILY[family]}{suffix}"


@dataclass
class Population:
    """Everyone who was ever on a roster; `team` is -1 once a player has left the league."""

    player_id: np.ndarray
    name: np.ndarray
    position: np.ndarray  # 0..4: PG, SG, SF, PF, C
    age: np.ndarray  # years at the start of the season
    team: np.ndarray  # 0..29, or -1
    last_season: np.ndarray  # start year of the last season on a roster
    latent: np.ndarray  # (player, skill) standard normal, column 0 is overall ability

    @classmethod
    def founded(cls, rng: np.random.Generator, names: NameBook, year: int) -> Population:
        """Thirty full rosters for the first season."""
        count = 30 * ROSTER_SIZE
        age = (20 + 18 * rng.beta(1.5, 2.8, count)).astype(int)
        team = np.repeat(np.arange(30), ROSTER_SIZE)
        # Shuffled so that lookalikes, who are neighbours in the name book, are not team-mates.
        order = rng.permutation(count)
        return cls(
            player_id=9_000_001 + np.arange(count),
            name=names.take(count)[order],
            position=np.arange(count) % 5,
            age=age,
            team=team,
            last_season=np.full(count, year),
            latent=rng.standard_normal((count, _LATENT)),
        )

    @property
    def ability(self) -> np.ndarray:
        """Overall ability, in standard deviations: peaks at 27 and falls off on both sides."""
        return self.latent[:, 0] - 0.010 * (self.age - 27) ** 2

    def turn_year(self, rng: np.random.Generator, names: NameBook, year: int) -> None:
        """Age everyone into the season that starts in `year`: exits, moves, drift, rookies."""
        self.age = self.age + 1
        noise = rng.standard_normal(self.latent.shape)
        self.latent = _PERSISTENCE * self.latent + np.sqrt(1 - _PERSISTENCE**2) * noise

        leaving_odds = np.exp(-2.6 + 0.30 * np.maximum(self.age - 32, 0) - 0.8 * self.ability)
        rostered = self.team >= 0
        leaving = rostered & (rng.random(len(self.team)) < leaving_odds / (1 + leaving_odds))
        vacancies, positions = self.team[leaving], self.position[leaving]
        self.team = np.where(leaving, -1, self.team)

        # Free agency: some of those who stay change places with each other.
        movers = np.flatnonzero((self.team >= 0) & (rng.random(len(self.team)) < 0.15))
        self.team[movers] = self.team[rng.permutation(movers)]
        self._join(rng, names.take(len(vacancies)), vacancies, positions)
        self.last_season = np.where(self.team >= 0, year, self.last_season)

    def _join(self, rng, names, team, position) -> None:
        count = len(team)
        seat = rng.permutation(count)
        self.player_id = np.append(self.player_id, self.player_id[-1] + 1 + np.arange(count))
        self.name = np.append(self.name, names)
        self.position = np.append(self.position, position[seat])
        self.age = np.append(self.age, rng.integers(19, 24, count))
        self.team = np.append(self.team, team[seat])
        self.last_season = np.append(self.last_season, np.zeros(count, dtype=int))
        self.latent = np.vstack([self.latent, rng.standard_normal((count, _LATENT))])

    def skills(self) -> dict[str, np.ndarray]:
        """Every player's skills this season.

        One array per rate, `share` and `percentage` (player, zone), and `free_throw`.
        """
        column = iter(self.latent.T[1:])
        spot = self.position

        def scaled(trait: Trait) -> np.ndarray:
            return np.array(trait.by_position)[spot] * np.exp(trait.spread * next(column))

        def shifted(trait: Trait) -> np.ndarray:
            return np.array(trait.by_position)[spot] + trait.spread * next(column)

        skills = {name: scaled(trait) for name, trait in RATES.items()}
        share = np.stack([scaled(trait) for trait in SHARES], axis=-1)
        better = 0.016 * self.ability
        skills["fga"] = skills["fga"] * np.exp(0.22 * self.ability)
        skills["share"] = share / share.sum(axis=-1, keepdims=True)
        skills["percentage"] = np.stack([shifted(t) for t in PERCENTAGES], axis=-1) + better[:, None]
        skills["free_throw"] = np.clip(shifted(FREE_THROW), 0.4, 0.95)
        return skills
