"""Documents and their two parts."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gpt import corpus

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


def test_a_folder_of_text_is_read_file_by_file_and_line_by_line(tmp_path):
    (tmp_path / "idea.md").write_text("swap in GeLU\n", encoding="utf-8")
    (tmp_path / "more.jsonl").write_text(
        '{"text": "halve the batch"}\n\n{"text": "longer warm-up"}\n', encoding="utf-8"
    )
    (tmp_path / "plot.png").write_bytes(b"\x89PNG")

    texts = list(corpus.folder_of_text(tmp_path))

    assert texts == ["swap in GeLU\n", "halve the batch", "longer warm-up"]
