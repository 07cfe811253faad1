"""Keep, discard or run again: the properties that a decision has whatever the numbers are."""

import random
import statistics

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from loop.keep_rule import (
    Evidence,
    KeepRule,
    Noise,
    apply_rule,
    decide,
    incumbent_is_stale,
    needs_incumbent_rerun,
    pooled_noise,
    student_factor,
)

VALUES = st.floats(-1e6, 1e6)
RUNS = st.lists(VALUES, min_size=1, max_size=5)
SIGMA = st.builds(Noise, sigma=st.floats(0, 1e3), dof=st.integers(0, 50))
DOWN, UP = KeepRule(direction="minimize"), KeepRule(direction="maximize")


@given(candidate=RUNS, incumbent=RUNS, noise=SIGMA, lines=st.integers(-50, 50), pairs=st.integers(0, 2))
def test_minimizing_is_maximizing_upside_down(candidate, incumbent, noise, lines, pairs):
    down = apply_rule(Evidence(candidate=candidate, incumbent=incumbent, noise=noise, lines=lines, pairs=pairs), DOWN)
    up = apply_rule(
        Evidence(
            candidate=[-x for x in candidate], incumbent=[-x for x in incumbent], noise=noise, lines=lines, pairs=pairs
        ),
        UP,
    )

    assert (down.action, down.threshold, down.gain_sigma) == (up.action, up.threshold, up.gain_sigma)
    assert down.delta == -up.delta


@given(value=VALUES, times=st.integers(1, 5), others=st.integers(1, 5), noise=SIGMA, lines=st.integers(0, 50))
def test_identical_values_are_never_kept(value, times, others, noise, lines):
    decision = apply_rule(
        Evidence(candidate=[value] * times, incumbent=[value] * others, noise=noise, lines=lines), DOWN
    )

    assert decision.action == "discard"


@given(value=VALUES, noise=SIGMA, lines=st.integers(-50, -1))
def test_fewer_lines_win_a_tie(value, noise, lines):
    decision = apply_rule(Evidence(candidate=[value], incumbent=[value], noise=noise, lines=lines), DOWN)

    assert decision.action == "keep"
    assert f"{-lines} lines shorter" in decision.reason


@given(candidate=RUNS, incumbent=RUNS, noise=SIGMA, lines=st.integers(-50, 50))
def test_no_loss_beyond_the_noise_is_ever_kept(candidate, incumbent, noise, lines):
    assume(statistics.mean(candidate) > statistics.mean(incumbent) + noise.sigma * 2)

    assert (
        apply_rule(Evidence(candidate=candidate, incumbent=incumbent, noise=noise, lines=lines), DOWN).action
        == "discard"
    )


@given(value=VALUES, noise=st.builds(Noise, sigma=st.floats(1e-3, 1e3), dof=st.integers(1, 50)), runs=st.integers(1, 6))
def test_more_runs_narrow_the_threshold(value, noise, runs):
    few = apply_rule(Evidence(candidate=[value] * runs, incumbent=[value] * runs, noise=noise), DOWN)
    more = apply_rule(Evidence(candidate=[value] * (runs + 1), incumbent=[value] * (runs + 1), noise=noise), DOWN)

    assert more.threshold < few.threshold


@given(k=st.floats(0.5, 5), dof=st.integers(2, 200))
def test_a_sigma_from_few_runs_is_trusted_less(k, dof):
    assert student_factor(k, dof) >= student_factor(k, dof + 1) >= k


@pytest.mark.parametrize(
    ("candidate", "lines", "overrides", "expected"),
    [
        # the keep rule alone
        (0.90, 0, {}, ("keep", "gain > 1.", "gained 0.1 (10.0 σ); above the threshold")),
        (1.00, 0, {}, ("discard", "gain > 1.", "neither gained nor lost; not above the threshold")),
        (1.00, -3, {}, ("keep", "gain > 1.", "and 3 lines shorter")),
        (0.97, 0, {}, ("rerun", "gain > 1.", "borderline")),
        # a person vetoed an experiment: its undoing is kept, whatever it measures
        (0.90, 0, {"takes_back": 4}, ("keep", "veto", "undoes experiment 4, which a person vetoed; gained 0.1")),
        (1.10, 0, {"takes_back": 4}, ("keep", "veto", "undoes experiment 4, which a person vetoed; lost 0.1")),
        (0.97, 0, {"takes_back": 4}, ("keep", "veto", "undoes experiment 4")),
        # a test leaves a keep out: it is removed only if the program is shorter for it
        (0.90, -3, {"ablates": 4}, ("keep", "gain > 1.", "above the threshold")),
        (0.90, 0, {"ablates": 4}, ("discard", "gain > 1.", "but the program is not shorter, so a person decides")),
        (1.10, -3, {"ablates": 4}, ("discard", "gain > 1.", "lost 0.1")),
        (0.97, 0, {"ablates": 4}, ("rerun", "gain > 1.", "borderline")),
        # another experiment became the incumbent meanwhile: a gain is retried on that one
        (0.90, 0, {"overtaken_by": 7}, ("discard", "moved", "experiment 7 became the incumbent meanwhile")),
        (0.97, 0, {"overtaken_by": 7}, ("discard", "moved", "gained 0.03 (3.0 σ) on its parent")),
        (1.10, 0, {"overtaken_by": 7}, ("discard", "gain > 1.", "lost 0.1")),
        # the last exception wins
        (1.10, 0, {"takes_back": 4, "overtaken_by": 7}, ("discard", "moved", "experiment 7 became the incumbent")),
        (0.90, 0, {"ablates": 4, "overtaken_by": 7}, ("discard", "gain > 1.", "but the program is not shorter")),
    ],
)
def test_the_decision_and_its_exceptions(candidate, lines, overrides, expected):
    action, rule, reason = expected
    noise = Noise(sigma=0.01, dof=20)

    decision = decide(Evidence(candidate=[candidate], incumbent=[1.0] * 3, noise=noise, lines=lines), DOWN, **overrides)

    assert (decision.action, decision.rule[: len(rule)]) == (action, rule)
    assert reason in decision.reason


@given(candidate=RUNS, incumbent=RUNS, noise=SIGMA, lines=st.integers(-50, 50))
def test_a_change_is_left_out_by_itself_only_if_that_is_shorter(candidate, incumbent, noise, lines):
    evidence = Evidence(candidate=candidate, incumbent=incumbent, noise=noise, lines=lines)

    alone, left_out = decide(evidence, DOWN), decide(evidence, DOWN, ablates=3)

    assert (left_out.action == "keep") == (alone.action == "keep" and lines < 0)
    assert left_out.reason.startswith(alone.reason)


@given(candidate=RUNS, incumbent=RUNS, noise=SIGMA, spent=st.integers(2, 9))
def test_no_run_is_asked_for_beyond_the_cap(candidate, incumbent, noise, spent):
    assert (
        apply_rule(Evidence(candidate=candidate, incumbent=incumbent, noise=noise, pairs=spent), DOWN).action != "rerun"
    )


@given(st.lists(RUNS, max_size=6))
def test_sigma_is_pooled_within_groups_and_not_between_them(groups):
    shifted = [[value + 10.0 * index for value in group] for index, group in enumerate(groups)]

    assert pooled_noise(shifted).dof == sum(len(group) - 1 for group in groups)
    assert pooled_noise(shifted).sigma == pytest.approx(pooled_noise(groups).sigma, rel=1e-6, abs=1e-6)


@given(value=VALUES, times=st.integers(2, 6))
def test_equal_runs_have_no_noise(value, times):
    assert pooled_noise([[value] * times]).sigma == 0.0


def test_a_borderline_gain_earns_a_re_run():
    decision = apply_rule(Evidence(candidate=[0.97], incumbent=[1.0, 1.0, 1.0], noise=Noise(sigma=0.01, dof=20)), DOWN)

    assert decision.action == "rerun"


def test_the_reason_holds_the_numbers_of_the_decision():
    decision = apply_rule(Evidence(candidate=[0.9], incumbent=[1.0, 1.0, 1.0], noise=Noise(sigma=0.01, dof=20)), DOWN)

    assert decision.action == "keep"
    assert decision.reason.startswith("gained 0.1 (10.0 σ); above the threshold of")
    assert decision.rule.startswith("gain > ")


def test_a_session_of_pure_noise_keeps_about_one_in_two_hundred_at_most():
    draw = random.Random(20)

    kept = sum(_session(draw, gain=0.0) for _ in range(20))

    assert kept / (20 * 100) <= 1 / 200


def test_gains_of_four_sigma_are_nearly_all_kept():
    draw = random.Random(20)

    kept = sum(_session(draw, gain=4.0) for _ in range(5))

    assert kept / (5 * 100) >= 0.9


def _session(draw: random.Random, *, gain: float) -> int:
    """How many of 100 experiments are kept that all have the same true gain on their incumbent, in units of σ."""
    incumbent, tried = [draw.gauss(0, 1) for _ in range(3)], []
    return sum(_kept(draw, incumbent, tried, gain=gain) for _ in range(100))


def _kept(draw: random.Random, incumbent: list[float], tried: list[list[float]], *, gain: float) -> bool:
    incumbent += [draw.gauss(0, 1)] * incumbent_is_stale(len(incumbent), experiments=len(tried))
    candidate, action, pairs = [], "rerun", -1
    while action == "rerun":
        pairs += 1
        candidate.append(draw.gauss(-gain, 1))
        incumbent += [draw.gauss(0, 1)] * (pairs > 0 and needs_incumbent_rerun(len(candidate), len(incumbent)))
        known_noise = pooled_noise([*tried, incumbent, candidate])
        action = apply_rule(
            Evidence(candidate=candidate, incumbent=incumbent, noise=known_noise, pairs=pairs), DOWN
        ).action
    tried.append(candidate)
    incumbent[:] = (
        [run + gain for run in candidate] if action == "keep" else incumbent
    )  # the next is based on what was kept
    return action == "keep"


# --- identical runs -----------------------------------------------------------------------------------------------------

NO_NOISE = Noise(sigma=0.0, dof=2)


@pytest.mark.parametrize(
    ("before", "after", "action"),
    [
        (0.2, 0.1 + 0.1 - 1e-16, "discard"),  # a sum that is not exact in binary
        (0.1 + 0.2, 0.3, "discard"),
        (0.2000, 0.1999, "keep"),
        (7.0, 6.0, "keep"),
        (1234567.0, 1234566.0, "keep"),
    ],
)
def test_if_all_runs_are_identical_a_gain_counts_from_the_last_digit_of_the_metric_on(before, after, action):
    decision = apply_rule(Evidence(candidate=[after], incumbent=[before] * 3, noise=NO_NOISE), DOWN)

    assert decision.action == action
    assert decision.threshold > 0


@pytest.mark.parametrize("noise", [NO_NOISE, Noise(sigma=1e-6, dof=2)], ids=["identical runs", "a tiny σ"])
@pytest.mark.parametrize(("gain", "action"), [(0.0019, "discard"), (0.0021, "keep")])
def test_a_gain_up_to_the_floor_of_the_brief_is_never_kept(noise, gain, action):
    rule = KeepRule(direction="maximize", floor=0.002, reruns=0)

    decision = apply_rule(Evidence(candidate=[0.5 + gain], incumbent=[0.5] * 3, noise=noise), rule)

    assert decision.action == action
    assert decision.rule == "gain > 0.002"


def test_a_floor_below_the_noise_changes_nothing():
    evidence = Evidence(candidate=[0.9], incumbent=[1.0] * 3, noise=Noise(sigma=0.01, dof=20))

    assert apply_rule(evidence, KeepRule(direction="minimize", floor=1e-6)) == apply_rule(evidence, DOWN)
