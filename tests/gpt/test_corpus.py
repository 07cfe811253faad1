"""Documents and their two parts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from patient import write_parquet

from gpt import corpus
from gpt.data import DataError
from gpt.sources import Own, StandardLibrary
from loop.runs.sandbox import stdlib_bytecode

lines = st.lists(st.sampled_from([f"line {n}" for n in range(12)]), min_size=1, max_size=30)
documents = st.lists(lines.map(lambda them: "\n".join(them) + "\n"), max_size=20)


@given(documents)
@settings(max_examples=60, deadline=None)
def test_no_block_of_lines_is_in_both_parts(texts):
    parts = corpus.split(texts, 0.4, clip=10_000)

    held = {block for text in parts.val for block in corpus.blocks(text)}
    trained = {block for text in parts.train for block in corpus.blocks(text)}
    assert not held & trained


@given(documents)
@settings(max_examples=40, deadline=None)
def test_no_document_is_in_both_parts_or_twice_in_the_validation_part(texts):
    parts = corpus.split(texts, 0.4, clip=10_000)

    assert not set(parts.train) & set(parts.val)
    assert len(set(parts.val)) == len(parts.val)


@given(documents, documents)
@settings(max_examples=40, deadline=None)
def test_a_document_is_held_out_whatever_stands_beside_it(texts, others):
    alone = corpus.split(texts, 0.4, clip=10_000)

    together = corpus.split([*others, *texts], 0.4, clip=10_000)

    assert set(alone.val) <= set(together.val)


def test_a_held_out_document_is_clipped_at_a_line_end():
    text = "def halve(batch):\n    return batch / 2\n"

    parts = corpus.split([text], 1.0, clip=25)

    assert parts.val == ["def halve(batch):\n"]


def test_the_standard_library_is_read_without_its_tests_and_without_this_machine():
    texts = list(corpus.standard_library(tests=False))

    assert any("class JSONDecoder" in text for text in texts)
    assert not any("class TestJSON" in text for text in texts)
    assert not any("build_time_vars = {" in text for text in texts)


def test_the_library_is_scored_on_parts_of_it_that_the_sandbox_hides_from_runs():
    sizes = {"tests": False, "val_clip": 6_000, "val_tokens": 40_000}
    hidden = set(corpus.standard_library(tests=False, hidden=True))

    parts = StandardLibrary().parts(sizes)

    assert sum(map(len, parts.val)) >= 40_000
    assert all(any(text.startswith(piece) for text in hidden) for piece in parts.val)
    assert corpus.HIDDEN == stdlib_bytecode.HIDDEN


def test_files_that_are_not_utf_8_are_left_out_by_name_and_the_others_are_read_whole(tmp_path, capsys):
    (tmp_path / "ada.txt").write_bytes("naïve".encode("latin-1"))
    (tmp_path / "late.txt").write_bytes(b"a line\n" * 1000 + b"\xff\n" + b"a line\n" * 1000)
    (tmp_path / "fine.txt").write_text("naïve\n" * 100, encoding="utf-8")

    parts = Own(tmp_path).parts({"val_share": 1.0, "val_clip": 10_000})

    assert parts.val == ["naïve\n" * 100]
    assert capsys.readouterr().err == (
        f"note: left out, because not in UTF-8: 2 of the files: {tmp_path / 'ada.txt'}, {tmp_path / 'late.txt'}\n"
    )


def test_a_character_cut_in_two_by_a_read_is_still_one(tmp_path):
    (tmp_path / "long.txt").write_text("x" * ((1 << 20) - 1) + "ï", encoding="utf-8")

    assert corpus.readable([tmp_path / "long.txt"]) == ([tmp_path / "long.txt"], [])


def test_a_folder_of_text_is_read_file_by_file_and_line_by_line(tmp_path):
    (tmp_path / "idea.md").write_text("swap in GeLU\n", encoding="utf-8")
    (tmp_path / "more.jsonl").write_text(
        '{"text": "halve the batch"}\n\n{"text": "longer warm-up"}\n', encoding="utf-8"
    )
    (tmp_path / "plot.png").write_bytes(b"\x89PNG")

    texts = list(corpus.own(corpus.files(tmp_path)))

    assert texts == ["swap in GeLU\n", "halve the batch", "longer warm-up"]


def test_stories_are_what_stands_between_the_separators(tmp_path):
    (tmp_path / "stories.txt").write_text("One day,\n\nLily hid.\n<|endoftext|>\nTom ran.\n<|endoftext|>\n")

    texts = list(corpus.own(corpus.files(tmp_path)))

    assert texts == ["One day,\n\nLily hid.\n", "Tom ran.\n", ""]


def test_one_file_without_separators_is_cut_into_sections_at_blank_lines(tmp_path):
    paragraph = "To be, or not to be.\n" * 300 + "\n"
    (tmp_path / "plays.txt").write_text(paragraph * 12)

    texts = list(corpus.own([tmp_path / "plays.txt"]))

    assert "".join(texts) == paragraph * 12
    assert len(texts) == 5
    assert max(map(len, texts)) < corpus.SECTION + len(paragraph)


@pytest.mark.parametrize("line", ["{", "[1]", '{"story": "x"}', '{"text": 3}', "3"])
def test_a_line_that_is_no_document_is_named(tmp_path, line):
    (tmp_path / "more.jsonl").write_text(f'{{"text": "halve the batch"}}\n{line}\n')

    with pytest.raises(DataError, match=r"more\.jsonl, line 2: "):
        list(corpus.own(corpus.files(tmp_path)))


@pytest.mark.parametrize("name", ["plays.txt", "notes.md", "more.jsonl"])
def test_one_file_in_another_encoding_is_named(tmp_path, name):
    (tmp_path / name).write_bytes("naïve\n".encode("latin-1"))

    with pytest.raises(DataError, match=f"{name} is not in UTF-8"):
        corpus.readable([tmp_path / name])


def test_a_folder_of_sources_goes_on_without_a_file_in_another_encoding(tmp_path):
    (tmp_path / "a.py").write_bytes("naïve\n".encode("latin-1"))
    (tmp_path / "b.txt").write_bytes("naïve\n".encode("latin-1"))
    (tmp_path / "c.py").write_text("halve(batch)\n")

    paths, left_out = corpus.readable(corpus.files(tmp_path))

    assert list(corpus.own(paths)) == ["halve(batch)\n"]
    assert [path.name for path in left_out] == ["a.py", "b.txt"]


def test_half_a_character_in_json_is_replaced(tmp_path):
    (tmp_path / "more.jsonl").write_text('{"text": "half \\ud800 done"}\n')

    assert list(corpus.own([tmp_path / "more.jsonl"])) == ["half ? done"]


def test_rows_of_parquet_are_documents(tmp_path):
    write_parquet(tmp_path / "part.parquet", id=[1, 2, 3], text=["halve the batch", None, "longer warm-up"])

    texts = list(corpus.own(corpus.files(tmp_path)))

    assert texts == ["halve the batch", "longer warm-up"]


def test_parquet_without_the_column_or_without_parquet_in_it_is_named(tmp_path):
    write_parquet(tmp_path / "part.parquet", content=["x"])
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 and no more")

    with pytest.raises(DataError, match='no column "text"; it has content'):
        list(corpus.own([tmp_path / "part.parquet"]))
    with pytest.raises(DataError, match=r"torn\.parquet is no Parquet file"):
        list(corpus.own([tmp_path / "torn.parquet"]))


def test_documents_kept_apart_are_enough_and_are_not_trained_on():
    shared = "".join(f"line {n}\n" for n in range(9))
    others = ["One day, Lily hid.\n", shared, "never reached\n"]
    documents = ["Tom ran.\n", "One day, Lily hid.", f"before\n{shared}after\n", "Tom ran.\n"]

    parts = corpus.apart(documents, others, clip=10_000, enough=30)

    assert parts.val == others[:2]
    assert list(parts.train) == ["Tom ran.\n", "before\n", "after\n"]
