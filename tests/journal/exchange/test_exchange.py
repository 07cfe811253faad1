"""The journal in other forms, and back."""

import pytest
from eventful import HISTORIES, LAW
from histories import COMMITS, TAG, in_memory
from hypothesis import given
from msgspec.structs import astuple

from journal.errors import JournalError
from journal.exchange.jsonl import lines, rows, samples
from journal.exchange.results_import import events, parse
from journal.exchange.tables import SEVEN, five_columns, seven_columns
from journal.projections.state import fold
from journal.store import Journal, Sample
from journal.verify.checks import verify

FIVE = """commit\tval_bpb\tmemory_gb\tstatus\tdescription
a1b2c3d\t0.997900\t44.0\tkeep\tbaseline
b2c3d4e\t0.993200\t44.2\tkeep\tincrease LR to 0.04
c3d4e5f\t1.005000\t44.0\tdiscard\tswitch to "GeLU"
d4e5f6a\t0.000000\t0.0\tcrash\tdouble model width (OOM)
"""


@LAW
@given(HISTORIES)
def test_an_export_imports_back_to_the_same_head(history):
    with in_memory(history) as journal, in_memory() as copy:
        head = copy.restore(rows(lines(journal)))

        assert head == journal.head()
        assert list(copy.read()) == list(journal.read())
        assert verify(copy).findings == []


def test_telemetry_travels_with_the_events(journal):
    sample = Sample(session=TAG, experiment=1, run=1, step=7, seconds=0.5, loss=2.5, memory=2**33)
    journal.add_samples([sample])

    [point] = samples(lines(journal))

    assert astuple(point) == astuple(sample)


@pytest.mark.parametrize("point", ["[]", '["night",1,1,7]', '["night",1,1,"seven",0.5]', "7"])
def test_a_line_that_is_no_telemetry_is_named(point):
    with pytest.raises(JournalError, match="Line 1 is no exported event"):
        list(samples([f'{{"sample":{point}}}'.encode()]))


@pytest.mark.parametrize("line", [b"position\t1", b'{"position":1}', b'{"position":"1","hash":""}', b"\xff"])
def test_a_line_that_is_no_event_is_named(line):
    with pytest.raises(JournalError, match="Line 2 is no exported event"):
        list(rows([b"", line]))


def test_results_are_written_in_autoresearch_s_five_columns(night):
    told = list(five_columns(fold(night.read()).experiments.rows.values()))

    assert told[0] == ("commit", "val_bpb", "memory_gb", "status", "description")
    assert told[2] == (COMMITS[1][:7], "1.480000", "1.0", "keep", "halve the batch")
    assert told[4] == (COMMITS[3][:7], "", "", "crash", "double the width")


def test_iterations_are_written_in_seven_columns(night):
    told = list(seven_columns(fold(night.read()).experiments.rows.values()))

    assert told[0] == ("iteration", "change", "before", "after", "success", "kept", "commit")
    assert told[3] == ("2", "swap in GeLU", "1.480000", "1.479000", "true", "false", COMMITS[2][:7])
    assert told[4] == ("3", "double the width", "", "", "false", "false", COMMITS[3][:7])


def imported(path, text):
    journal = Journal(path)
    journal.acquire()
    for stream, batch in events(parse(text), session="old", source="results.tsv", text=text):
        journal.append(stream, batch)
    return journal


def test_an_existing_table_of_results_becomes_a_session_marked_as_imported(path):
    journal = imported(path, FIVE)

    state = fold(journal.read())

    assert [row.status for row in state.experiments.rows.values()] == ["keep", "keep", "discard", "crash"]
    assert state.experiments.rows["old", 1].delta == pytest.approx(-0.0047)
    assert state.experiments.rows["old", 3].metric is None
    assert {row.proposer for row in state.experiments.rows.values()} == {"imported"}
    assert state.runs.rows["old", 0, 1].trust == "imported"
    assert state.sessions.rows["old"].state == "ended"
    journal.close()


def test_five_columns_read_and_written_are_the_same_but_for_the_crash(path):
    journal = imported(path, FIVE)

    told = ["\t".join(row) for row in five_columns(fold(journal.read()).experiments.rows.values())]

    assert told[:4] == FIVE.splitlines()[:4]
    assert told[4] == "d4e5f6a\t\t\tcrash\tdouble model width (OOM)"
    journal.close()


def test_seven_columns_are_read_too(path):
    text = (
        "iteration\tchange\tbefore\tafter\tsuccess\tkept\tcommit\n0\tbaseline\t\t0.99\ttrue\ttrue\taaa\n"
        "1\thalve the batch\t0.99\t1.01\ttrue\tfalse\tbbb\n2\tbreak it\t0.99\t\tfalse\tfalse\tccc\n"
    )

    journal = imported(path, text)

    assert [row.status for row in journal.state().experiments.rows.values()] == ["keep", "discard", "crash"]
    journal.close()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "The first line must be commit, val_bpb"),
        ("a\tb\n", "The first line must be commit, val_bpb"),
        pytest.param(FIVE + "x" * 200_000, "The results cannot be read: field larger than", id="a field without end"),
        (FIVE + "x\n", "Line 6 of the results cannot be read"),
        (FIVE + "x\tfast\t1\tkeep\tidea\n", "Line 6 .* could not convert string to float"),
        (FIVE + "x\t1.0\t1\tmaybe\tidea\n", "Line 6 .*none of keep, discard, crash"),
        (FIVE + "x\tnan\t1\tkeep\tidea\n", "Line 6 .*nan is no number that a run can measure"),
        (FIVE + "x\t1.0\tinf\tkeep\tidea\n", "Line 6 .*inf is no number that a run can measure"),
        (
            "\t".join(SEVEN) + "\n" + 2 * "1\tidea\t\t0.9\ttrue\ttrue\ta\n",
            "Iteration 1 of the results stands on more than",
        ),
    ],
)
def test_a_table_that_cannot_be_read_names_the_line(text, words):
    with pytest.raises(JournalError, match=words):
        parse(text)
