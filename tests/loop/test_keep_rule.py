"""Keep, discard or run again: the properties that a decision has whatever the numbers are."""

import random
import statistics

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from loop.keep_rule import Evidence, KeepRule, Noise, decide, incumbent_again, judge, noise, stale, widened

VALUES = st.floats(-1e6, 1e6)
RUNS = st.lists(VALUES, min_size=1, max_size=5)
SIGMA = st.builds(Noise, sigma=st.floats(0, 1e3), freedom=st.integers(0, 50))
DOWN, UP = KeepRule(direction="minimize"), KeepRule(direction="maximize")


@given(candidate=RUNS, incumbent=RUNS, noise=SIGMA, lines=st.integers(-50, 50), pairs=st.integers(0, 2))
def test_minimizing_is_maximizing_upside_down(candidate, incumbent, noise, lines, pairs):
    down = judge(Evidence(candidate=candidate, incumbent=incumbent, noise=noise, lines=lines, pairs=pairs), DOWN)
    up = judge(
        Evidence(
            candidate=[-x for x in candidate], incumbent=[-x for x in incumbent], noise=noise, lines=lines, pairs=pairs
        ),
        UP,
    )

    assert (down.act, down.threshold, down.gain_sigma) == (up.act, up.threshold, up.gain_sigma)
    assert down.delta == -up.delta


@given(value=VALUES, times=st.integers(1, 5), others=st.integers(1, 5), noise=SIGMA, lines=st.integers(0, 50))
def test_identical_values_are_never_kept(value, times, others, noise, lines):
    decision = judge(Evidence(candidate=[value] * times, incumbent=[value] * others, noise=noise, lines=lines), DOWN)

    assert decision.act == "discard"


@given(value=VALUES, noise=SIGMA, lines=st.integers(-50, -1))
def test_fewer_lines_win_a_tie(value, noise, lines):
    decision = judge(Evidence(candidate=[value], incumbent=[value], noise=noise, lines=lines), DOWN)

    assert decision.act == "keep"
    assert f"{-lines} lines shorter" in decision.reason


@given(candidate=RUNS, incumbent=RUNS, noise=SIGMA, lines=st.integers(-50, 50))
def test_no_loss_beyond_the_noise_is_ever_kept(candidate, incumbent, noise, lines):
    assume(statistics.mean(candidate) > statistics.mean(incumbent) + noise.sigma * 2)

    assert judge(Evidence(candidate=candidate, incumbent=incumbent, noise=noise, lines=lines), DOWN).act == "discard"


@given(
    value=VALUES, noise=st.builds(Noise, sigma=st.floats(1e-3, 1e3), freedom=st.integers(1, 50)), runs=st.integers(1, 6)
)
def test_more_runs_narrow_the_threshold(value, noise, runs):
    few = judge(Evidence(candidate=[value] * runs, incumbent=[value] * runs, noise=noise), DOWN)
    more = judge(Evidence(candidate=[value] * (runs + 1), incumbent=[value] * (runs + 1), noise=noise), DOWN)

    assert more.threshold < few.threshold


@given(k=st.floats(0.5, 5), freedom=st.integers(2, 200))
def test_a_sigma_from_few_runs_is_trusted_less(k, freedom):
    assert widened(k, freedom) >= widened(k, freedom + 1) >= k


@pytest.mark.parametrize(
    ("candidate", "lines", "overrides", "expected"),
    [
        # the keep rule alone
        (0.90, 0, {}, ("keep", "gain > 1.", "gained 0.1 (10.0 σ); above the threshold")),
        (1.00, 0, {}, ("discard", "gain > 1.", "neither gained nor lost; not above the threshold")),
        (1.00, -3, {}, ("keep", "gain > 1.", "and 3 lines shorter")),
        (0.97, 0, {}, ("rerun", "gain > 1.", "borderline")),
        # a person took an experiment back: kept, whatever it measures
        (0.90, 0, {"takes_back": 4}, ("keep", "veto", "takes experiment 4 back at a person's wish; gained 0.1")),
        (1.10, 0, {"takes_back": 4}, ("keep", "veto", "takes experiment 4 back at a person's wish; lost 0.1")),
        (0.97, 0, {"takes_back": 4}, ("keep", "veto", "takes experiment 4 back")),
        # a keep is left out to be tested: taken out only if the program is shorter for it
        (0.90, -3, {"ablates": 4}, ("keep", "gain > 1.", "above the threshold")),
        (0.90, 0, {"ablates": 4}, ("discard", "gain > 1.", "but no shorter, so it is for a person to say")),
        (1.10, -3, {"ablates": 4}, ("discard", "gain > 1.", "lost 0.1")),
        (0.97, 0, {"ablates": 4}, ("rerun", "gain > 1.", "borderline")),
        # another experiment became the incumbent meanwhile: a gain is tried again on that one
        (0.90, 0, {"overtaken_by": 7}, ("discard", "moved", "meanwhile experiment 7 became the incumbent")),
        (0.97, 0, {"overtaken_by": 7}, ("discard", "moved", "gained 0.03 (3.0 σ) on its parent")),
        (1.10, 0, {"overtaken_by": 7}, ("discard", "gain > 1.", "lost 0.1")),
        # the last override wins
        (1.10, 0, {"takes_back": 4, "overtaken_by": 7}, ("discard", "moved", "meanwhile experiment 7")),
        (0.90, 0, {"ablates": 4, "overtaken_by": 7}, ("discard", "gain > 1.", "but no shorter")),
    ],
)
def test_the_decision_and_what_overrides_it(candidate, lines, overrides, expected):
    act, rule, words = expected
    noise = Noise(sigma=0.01, freedom=20)

    decision = decide(Evidence(candidate=[candidate], incumbent=[1.0] * 3, noise=noise, lines=lines), DOWN, **overrides)

    assert (decision.act, decision.rule[: len(rule)]) == (act, rule)
    assert words in decision.reason


@given(candidate=RUNS, incumbent=RUNS, noise=SIGMA, lines=st.integers(-50, 50))
def test_a_change_is_left_out_by_itself_only_where_that_is_shorter(candidate, incumbent, noise, lines):
    evidence = Evidence(candidate=candidate, incumbent=incumbent, noise=noise, lines=lines)

    alone, left_out = decide(evidence, DOWN), decide(evidence, DOWN, ablates=3)

    assert (left_out.act == "keep") == (alone.act == "keep" and lines < 0)
    assert left_out.reason.startswith(alone.reason)


@given(candidate=RUNS, incumbent=RUNS, noise=SIGMA, spent=st.integers(2, 9))
def test_no_run_is_asked_for_beyond_the_cap(candidate, incumbent, noise, spent):
    assert judge(Evidence(candidate=candidate, incumbent=incumbent, noise=noise, pairs=spent), DOWN).act != "rerun"


@given(st.lists(RUNS, max_size=6))
def test_sigma_is_pooled_within_groups_and_not_between_them(groups):
    shifted = [[value + 10.0 * index for value in group] for index, group in enumerate(groups)]

    assert noise(shifted).freedom == sum(len(group) - 1 for group in groups)
    assert noise(shifted).sigma == pytest.approx(noise(groups).sigma, rel=1e-6, abs=1e-6)


@given(value=VALUES, times=st.integers(2, 6))
def test_equal_runs_have_no_noise(value, times):
    assert noise([[value] * times]).sigma == 0.0


def test_a_borderline_gain_earns_a_re_run():
    decision = judge(Evidence(candidate=[0.97], incumbent=[1.0, 1.0, 1.0], noise=Noise(sigma=0.01, freedom=20)), DOWN)

    assert decision.act == "rerun"


def test_the_words_carry_the_numbers_of_the_decision():
    decision = judge(Evidence(candidate=[0.9], incumbent=[1.0, 1.0, 1.0], noise=Noise(sigma=0.01, freedom=20)), DOWN)

    assert decision.act == "keep"
    assert decision.reason.startswith("gained 0.1 (10.0 σ); above the threshold of")
    assert decision.rule.startswith("gain > ")


def test_a_night_of_pure_noise_keeps_about_one_in_two_hundred_at_most():
    draw = random.Random(20)

    kept = sum(_night(draw, gain=0.0) for _ in range(20))

    assert kept / (20 * 100) <= 1 / 200


def test_gains_of_four_sigma_are_nearly_all_kept():
    draw = random.Random(20)

    kept = sum(_night(draw, gain=4.0) for _ in range(5))

    assert kept / (5 * 100) >= 0.9


def _night(draw: random.Random, *, gain: float) -> int:
    """How many of 100 experiments are kept that all have the same true gain on their incumbent, in units of σ."""
    incumbent, tried = [draw.gauss(0, 1) for _ in range(3)], []
    return sum(_kept(draw, incumbent, tried, gain=gain) for _ in range(100))


def _kept(draw: random.Random, incumbent: list[float], tried: list[list[float]], *, gain: float) -> bool:
    incumbent += [draw.gauss(0, 1)] * stale(len(incumbent), tried=len(tried))
    candidate, act, pairs = [], "rerun", -1
    while act == "rerun":
        pairs += 1
        candidate.append(draw.gauss(-gain, 1))
        incumbent += [draw.gauss(0, 1)] * (pairs > 0 and incumbent_again(len(candidate), len(incumbent)))
        known = noise([*tried, incumbent, candidate])
        act = judge(Evidence(candidate=candidate, incumbent=incumbent, noise=known, pairs=pairs), DOWN).act
    tried.append(candidate)
    incumbent[:] = [run + gain for run in candidate] if act == "keep" else incumbent  # the next stands on what was kept
    return act == "keep"
