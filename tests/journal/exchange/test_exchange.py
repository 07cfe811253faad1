"""The journal in other forms, and back."""

import pytest
from eventful import HISTORIES, LAW
from histories import COMMITS, TAG, in_memory, started
from hypothesis import given
from msgspec.structs import astuple

from journal.errors import JournalError
from journal.events import session_stream
from journal.exchange.jsonl import checked, event_rows, export_lines, samples
from journal.exchange.results_import import events, parse
from journal.exchange.tables import ITERATIONS_HEADER, iterations_rows, results_rows
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
        head = copy.restore(event_rows(export_lines(journal)))

        assert head == journal.head()
        assert list(copy.read()) == list(journal.read())
        assert verify(copy).findings == []


def test_telemetry_travels_with_the_events(journal):
    sample = Sample(session=TAG, experiment=1, run=1, step=7, seconds=0.5, loss=2.5, memory=2**33)
    journal.add_samples([sample])

    [point] = samples(export_lines(journal))

    assert astuple(point) == astuple(sample)


@pytest.mark.parametrize("point", ["[]", '["night",1,1,7]', '["night",1,1,"seven",0.5]', "7"])
def test_a_line_that_is_no_telemetry_is_named(point):
    with pytest.raises(JournalError, match="Line 1 is no exported event"):
        list(samples([f'{{"sample":{point}}}'.encode()]))


@pytest.mark.parametrize("line", [b"position\t1", b'{"position":1}', b'{"position":"1","hash":""}', b"\xff"])
def test_a_line_that_is_no_event_is_named(line):
    with pytest.raises(JournalError, match="Line 2 is no exported event"):
        list(event_rows([b"", line]))


def test_results_have_the_five_columns_of_autoresearch(night):
    result = list(results_rows(fold(night.read()).experiments.rows.values()))

    assert result[0] == ("commit", "val_bpb", "memory_gb", "status", "description")
    assert result[2] == (COMMITS[1][:7], "1.480000", "1.0", "keep", "halve the batch")
    assert result[4] == (COMMITS[3][:7], "", "", "crash", "double the width")


def test_iterations_are_written_in_seven_columns(night):
    result = list(iterations_rows(fold(night.read()).experiments.rows.values()))

    assert result[0] == ("iteration", "change", "before", "after", "success", "kept", "commit")
    assert result[3] == ("2", "swap in GeLU", "1.480000", "1.479000", "true", "false", COMMITS[2][:7])
    assert result[4] == ("3", "double the width", "", "", "false", "false", COMMITS[3][:7])


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

    result = ["\t".join(row) for row in results_rows(fold(journal.read()).experiments.rows.values())]

    assert result[:4] == FIVE.splitlines()[:4]
    assert result[4] == "d4e5f6a\t\t\tcrash\tdouble model width (OOM)"
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
    ("text", "message"),
    [
        (
            "\t".join(ITERATIONS_HEADER) + "\n" + 2 * "1\tidea\t\t0.9\ttrue\ttrue\ta\n",
            "Iteration 1 is on more than one line of the results",
        ),
    ],
)
def test_a_table_whose_iterations_are_ambiguous_is_refused(text, message):
    with pytest.raises(JournalError, match=message):
        parse(text)


def exported(events):
    with in_memory() as journal:
        for stream, event in events:
            journal.append(stream, [event])
        return list(export_lines(journal))


@pytest.mark.parametrize(
    ("stream", "session", "message"),
    [
        (session_stream("../../home"), "../../home", "The tag '../../home' cannot name a session"),
        (session_stream("a/b"), "a/b", "cannot name a session"),
        (session_stream("nov20"), "nov21", "in the stream 'session/nov20', which is not of its session"),
        ("elsewhere", "nov20", "in the stream 'elsewhere', which is not of its session"),
    ],
)
def test_an_import_refuses_names_that_could_lead_elsewhere(stream, session, message):
    lines = exported([(stream, started(session=session))])

    with in_memory() as copy, pytest.raises(JournalError, match=message):
        copy.restore(checked(event_rows(lines)))


def test_control_the_rows_themselves_are_sound():
    lines = exported([(session_stream("a/b"), started(session="a/b"))])

    with in_memory() as copy:
        assert copy.restore(event_rows(lines))[0] == 1


def test_an_import_refuses_a_time_that_is_none():
    row = next(event_rows(exported([(session_stream(TAG), started())])))

    with pytest.raises(JournalError, match="The journal holds 'soon' as a time"):
        list(checked([(row[0], "soon", *row[2:])]))
