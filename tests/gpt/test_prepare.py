"""Tokenizer, shards and what an interrupted or repeated preparation leaves."""

import hashlib
import json
import subprocess
import sys
import tomllib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from patient import ROOT, prepare

from gpt import data, machine


def started(*words, stdin=None):
    command = [sys.executable, *map(str, words)]
    return subprocess.Popen(command, cwd=ROOT, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def digests(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json")
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="session")
def encoding(data_folder):
    return data.tokenizer(data_folder)


@given(text=st.text())
@settings(max_examples=300, deadline=None)
def test_any_text_survives_the_tokenizer(encoding, text):
    tokens = encoding.encode_ordinary(text)

    assert encoding.decode(tokens) == text.encode(errors="replace").decode()


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"])))
@settings(deadline=None)
def test_byte_lengths_of_tokens_add_up_to_the_text(data_folder, encoding, text):
    lengths = data.validation(data_folder).token_bytes

    assert lengths[encoding.encode_ordinary(text)].sum() == len(text.encode())


def test_specials_have_no_bytes(data_folder, encoding):
    bos = encoding.encode_single_token(data.BOS)

    assert data.validation(data_folder).token_bytes[bos] == 0


def test_the_vocabulary_is_as_large_as_the_profile_asks(data_folder, encoding):
    assert data.vocabulary_size(data_folder) == encoding.n_vocab == 300


def test_shards_hold_the_text_each_document_after_one_bos(data_folder, encoding):
    (shard,) = data.train_shards(data_folder)
    bos = encoding.encode_single_token(data.BOS)

    first_two = np.flatnonzero(shard == bos)[:2]

    assert shard.dtype == np.uint16
    assert first_two[0] == 0
    assert encoding.decode(shard[1 : first_two[1]].tolist()).endswith("\n")


def test_preparing_twice_gives_the_same_bytes(tmp_path, data_folder, text, profiles):
    prepare(tmp_path / "again", text, profiles)

    assert digests(tmp_path / "again") == digests(data_folder)


def test_no_more_workers_are_asked_for_than_this_machine_has_cores(data_folder):
    profile = tomllib.loads((data_folder / "profile.toml").read_text(encoding="utf-8"))

    assert 1 <= profile["brief"]["workers"] <= machine.cores()


def test_a_second_call_finds_everything_in_place(data_folder, text, profiles):
    before = (data_folder / "manifest.json").stat().st_mtime_ns

    result = prepare(data_folder, text, profiles)

    assert "in place" in result.stdout
    assert (data_folder / "manifest.json").stat().st_mtime_ns == before


def test_a_damaged_folder_is_built_again(tmp_path, text, profiles):
    prepare(tmp_path / "data", text, profiles)
    (tmp_path / "data" / "val" / "tokens.npy").unlink()

    result = prepare(tmp_path / "data", text, profiles)

    assert result.returncode == 0
    assert len(data.validation(tmp_path / "data").tokens) == 641


def test_what_an_interrupted_preparation_left_is_swept(tmp_path, text, profiles):
    left = tmp_path / ".data.999999999.partial"
    left.mkdir()

    prepare(tmp_path / "data", text, profiles)

    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_whoever_finds_another_at_work_says_who_and_goes_on_when_it_has_ended_or_died(tmp_path, text, profiles):
    held = f"lock.held(Path({str(tmp_path / '.data.lock')!r}), what='preparing data', says=print)"
    program = f"from pathlib import Path; from gpt import lock\nwith {held}: print('held', flush=True); input()"
    holder = started("-c", program, stdin=subprocess.PIPE)
    assert holder.stdout.readline() == "held\n"

    words = ["-m", "gpt.prepare", "--profile", "tiny", "--out", tmp_path / "data", "--dataset", text]
    waiting = started(*words, "--profiles", profiles)
    said = waiting.stderr.readline()
    holder.kill()
    out, err = waiting.communicate()
    holder.communicate()

    assert said.startswith(f"process {holder.pid} is preparing ")
    assert (waiting.returncode, err) == (0, "")
    assert "prepared in" in out
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_two_at_once_build_it_once(tmp_path, text, profiles):
    words = ["-m", "gpt.prepare", "--profile", "tiny", "--out", tmp_path / "data", "--dataset", text]

    both = [started(*words, "--profiles", profiles) for _ in range(2)]

    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert len(data.validation(tmp_path / "data").tokens) == 641


def test_a_folder_of_other_files_is_refused_and_kept(tmp_path, text, profiles):
    (tmp_path / "thesis.md").write_text("# Years of work")

    result = prepare(tmp_path, text, profiles)

    assert result.returncode == 2
    assert "holds other files" in result.stderr
    assert (tmp_path / "thesis.md").read_text() == "# Years of work"


def test_an_unknown_profile_is_named_with_those_there_are(tmp_path, text, profiles):
    result = prepare(tmp_path / "data", text, profiles, "--profile", "tpu")

    assert result.returncode == 2
    assert "'tpu'" in result.stderr
    assert "tiny" in result.stderr


def test_the_chosen_profile_is_written_beside_the_data(data_folder):
    profile = tomllib.loads((data_folder / "profile.toml").read_text(encoding="utf-8"))

    assert profile["name"] == "tiny"
    assert profile["brief"] == {"budget": "1s", "startup": "60s", "workers": machine.workers(4096)}
    assert profile["constants"] == {"DEPTH": 2}
    assert profile["data"]["vocab_size"] == 300


def test_the_manifest_names_every_file(data_folder):
    manifest = json.loads((data_folder / "manifest.json").read_text(encoding="utf-8"))

    there = {str(path.relative_to(data_folder)) for path in data_folder.rglob("*") if path.is_file()}
    assert set(manifest["files"]) == there - {"manifest.json"}
