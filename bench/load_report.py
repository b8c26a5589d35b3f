"""Tables of bench/load.py, and whether memory is flat."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations

from bench.load_clients import WAITS, Diary
from bench.load_server import JUDGED, SHOWN

#: Minutes that do not count for memory, and that share of a run which is shorter than five times that.
WARM_MINUTES, WARM_SHARE = 2.0, 0.2
#: Fewer samples than these tell no trend.
FEWEST = 24
#: Memory that grows by less than this share of itself, after the warm-up, is flat.
FLAT = 0.05
KINDS = ("training", "pipelines", "people")


@dataclass
class Memory:
    """Megabytes by process at moments, which are seconds since the clients began."""

    moments: list[float] = field(default_factory=list)
    held: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, moment: float, found: dict[str, float]) -> None:
        """Keep a sample."""
        self.moments.append(moment)
        for name, megabytes in found.items():
            self.held[name].append(megabytes)

    def of_minute(self, name: str, minute: int) -> float:
        """Return the median of a minute, NaN without a sample."""
        pairs = zip(self.moments, self.held[name], strict=True)
        return statistics.median([held for at, held in pairs if int(at / 60) == minute] or [float("nan")])


@dataclass(frozen=True)
class Trend:
    """Where a line through samples begins and ends."""

    first: float
    last: float

    @property
    def growth(self) -> float:
        """The growth as a share of the beginning."""
        return self.last / self.first - 1 if self.first else 0.0


def trend(moments: list[float], held: list[float]) -> Trend:
    """Return the line of Theil and Sen: the median of the slopes between all pairs, which a few outliers do not bend.

    Sen, P. K. (1968), Estimates of the regression coefficient based on Kendall's tau.
    """
    samples = list(zip(moments, held, strict=True))
    slope = statistics.median((b - a) / (t - s) for (s, a), (t, b) in combinations(samples, 2))
    base = statistics.median(value - slope * moment for moment, value in samples)
    return Trend(base + slope * moments[0], base + slope * moments[-1])


def _p(spent: Iterable[float], share: float) -> float:
    """Return a quantile in milliseconds, NaN of nothing."""
    ordered = sorted(spent)
    return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def minutes(diary: Diary, memory: Memory) -> None:
    """Print a row for each minute. What waits because it was asked to has no part in p50 and p95."""
    errors = Counter(minute for minute, _ in diary.errors)
    heads = [f"{kind} p50   p95 ms" for kind in KINDS]
    print(f"\n{'minute':>6} {'requests':>9} {'errors':>6}", *(f"{head:>20}" for head in heads), end=" ")
    print(*(f"{name:>9}" for name in SHOWN), " MB")
    for minute in sorted({minute for _, _, minute in diary.spent} | set(errors)):
        total = sum(len(spent) for (_, _, when), spent in diary.spent.items() if when == minute)
        columns = []
        for kind in KINDS:
            spent = [
                one
                for (whose, call, when), some in diary.spent.items()
                if (whose, when) == (kind, minute) and WAITS not in call
                for one in some
            ]
            columns.append(f"{_p(spent, 0.5):>12.1f} {_p(spent, 0.95):>7.1f}")
        held = [f"{memory.of_minute(name, minute):>9.1f}" for name in SHOWN]
        print(f"{minute:>6} {total:>9,} {errors[minute]:>6}", *columns, *held)


def calls(diary: Diary) -> None:
    """Print a row for each call over the whole time."""
    whole: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for (kind, call, _), spent in diary.spent.items():
        whole[kind, call] += spent
    print(f"\n{'call':<46} {'requests':>9} {'p50 ms':>9} {'p95 ms':>9} {'longest':>9}")
    for (kind, call), spent in sorted(whole.items()):
        figures = f"{_p(spent, 0.5):>9.1f} {_p(spent, 0.95):>9.1f} {_p(spent, 1):>9.1f}"
        print(f"{kind + ': ' + call:<46} {len(spent):>9,} {figures}")


def flat(memory: Memory, seconds: float) -> list[str] | None:
    """Print how memory grew after the warm-up; return in words what is not flat, None where too few samples tell it."""
    warm = min(60 * WARM_MINUTES, WARM_SHARE * seconds)
    first = next((place for place, at in enumerate(memory.moments) if at >= warm), len(memory.moments))
    moments = memory.moments[first:]
    if len(moments) < FEWEST:
        print(f"\nmemory: {len(moments)} samples after the warm-up tell no trend; {FEWEST} would")
        return None
    print(f"\n{'memory, MB':<12} {'at ' + format(warm, '.0f') + ' s':>10} {'at the end':>10} {'growth':>8}")
    short = []
    for name in SHOWN:
        line = trend(moments, memory.held[name][first:])
        judged = name in JUDGED
        print(
            f"{name:<12} {line.first:>10.1f} {line.last:>10.1f} {line.growth:>8.1%}{'' if judged else '  (not judged)'}"
        )
        if judged and line.growth >= FLAT:
            short.append(
                f"memory of the {name} grew by {line.growth:.1%}, from {line.first:.1f} to {line.last:.1f} MB; "
                f"less than {FLAT:.0%} is flat"
            )
    return short
