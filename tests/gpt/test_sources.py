"""From a dataset's name, an address or a file of one's own to a prepared folder."""

import subprocess
import sys

import numpy as np
import pytest
from hub_server import serving
from patient import ROOT, write_parquet

from gpt import corpus, data, sources
from gpt import prepare as preparation
from gpt.hub import Remote

SEPARATOR = "\n<|endoftext|>\n"
PLAYGROUND = "They met at the playground.\nThe sun shone.\nA dog came.\nIt barked.\nAll laughed.\nThey went home.\n"
LOST = "Lily lost her red ball in the tall grass and looked for it all day."
STORIES = [f"One day, Tom counted {n} frogs by the pond. {'He was happy. ' * (n % 7)}" for n in range(200)]
VALID = [f"Once upon a time, Lily had {n} boats on the lake and sailed them. She smiled." for n in range(300)] + [LOST]


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards")
    write_parquet(folder / "train.parquet", text=[*STORIES, VALID[3]])
    write_parquet(folder / "val.parquet", text=VALID)
    files = {
        "TinyStoriesV2-GPT4-train.txt": SEPARATOR.join([*STORIES, LOST, f"Before.\n{PLAYGROUND}After.\n"]).encode(),
        "TinyStoriesV2-GPT4-valid.txt": SEPARATOR.join([LOST, PLAYGROUND, *VALID]).encode(),
        "shard_00000.parquet": (folder / "train.parquet").read_bytes(),
        "shard_00001.parquet": (folder / "train.parquet").read_bytes(),
        "shard_06542.parquet": (folder / "val.parquet").read_bytes(),
    }
    with serving(files) as server:
        yield server


@pytest.fixture
def prepared(tmp_path, hub, profiles, monkeypatch, capsys):
    """Prepare as the command does, with the server for a hub; (exit code, stdout, stderr)."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("HF_ENDPOINT", hub.url)

    def run(*arguments):
        places = ["--out", str(tmp_path / "data"), "--cache", str(tmp_path / "cache"), "--profiles", str(profiles)]
        code = preparation.main([*places, "--profile", "tiny", *map(str, arguments)])
        return code, *capsys.readouterr()

    hub.asked.clear()
    return run


def text_of(folder, part):
    tokens = np.concatenate(data.train_shards(folder)) if part == "train" else data.validation(folder).tokens
    return data.tokenizer(folder).decode(tokens.tolist())


def test_stories_of_the_hub_are_prepared_and_the_validation_file_is_not_trained_on(prepared, tmp_path):
    code, out, err = prepared("--dataset", "tinystories")

    trained = text_of(tmp_path / "data", "train")
    assert (code, "profile tiny" in out) == (0, True), err
    assert "TinyStoriesV2-GPT4-valid.txt: 0.0 MB\n" in err
    assert trained.count("<|bos|>") == len(STORIES) + 2
    assert LOST not in trained
    assert "playground" not in trained
    assert text_of(tmp_path / "data", "val").startswith(f"<|bos|>{LOST}")


def test_shards_of_the_hub_are_taken_in_order_and_the_pinned_one_is_kept_apart(prepared, tmp_path, hub):
    code, _, err = prepared("--dataset", "climbmix", "--shards", 2)

    fetched = [path.rsplit("/", 1)[-1] for path, _, _ in hub.asked if path.startswith("/store/")]
    trained = text_of(tmp_path / "data", "train")
    assert code == 0, err
    assert fetched == ["shard_06542.parquet", "shard_00000.parquet", "shard_00001.parquet"]
    assert trained.count("<|bos|>") == len(STORIES)  # those of both shards once, and none of the pinned one
    assert VALID[3] not in trained


def test_what_is_in_place_asks_no_network(prepared, hub):
    prepared("--dataset", "tinystories")
    hub.asked.clear()

    code, out, _ = prepared("--dataset", "tinystories")

    assert (code, "in place" in out, hub.asked) == (0, True, [])


def test_one_file_behind_a_url_is_text_too(prepared, tmp_path, hub):
    code, _, err = prepared("--dataset", f"{hub.url}/store/TinyStoriesV2-GPT4-train.txt")

    assert code == 0, err
    assert "frogs by the pond" in text_of(tmp_path / "data", "train")


@pytest.mark.parametrize("format_", ["jsonl", "parquet"])
def test_one_file_of_ones_own_is_prepared(prepared, tmp_path, format_):
    (tmp_path / "stories.jsonl").write_text("".join(f'{{"text": "{story}"}}\n' for story in STORIES))
    write_parquet(tmp_path / "stories.parquet", text=STORIES)

    code, _, err = prepared("--dataset", tmp_path / f"stories.{format_}")

    texts = text_of(tmp_path / "data", "train"), text_of(tmp_path / "data", "val")
    assert code == 0, err
    assert sum(text.count("<|bos|>") for text in texts) > 100
    assert set(texts[0].split("<|bos|>")) & set(texts[1].split("<|bos|>")) == {""}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--dataset", "pile"], "no dataset pile: it is neither of climbmix, fineweb-edu, tinystories, nor a file"),
        (["--dataset", "fineweb-edu"], "the dataset karpathy/fineweb-edu-100b-shuffle has no file shard_01822.parquet"),
        (["--dataset", "http://127.0.0.1:9/a.txt"], "127.0.0.1:9 cannot be reached"),
        (["--dataset", "http://127.0.0.1:9/a.zip"], "is no file of the kinds .jsonl .md .parquet"),
        (["--dataset", ROOT / "LICENSE"], "no file of text there"),
    ],
)
def test_a_dataset_that_cannot_be_had_is_one_sentence(prepared, tmp_path, words, said):
    code, out, err = prepared(*words)

    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert said in err
    assert not (tmp_path / "data").exists()


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, profiles):
    (tmp_path / "part.parquet").write_bytes(b"PAR1")
    program = "import sys; sys.modules['pyarrow'] = None; from gpt import prepare; sys.exit(prepare.main(sys.argv[1:]))"
    words = [
        "--dataset",
        tmp_path / "part.parquet",
        "--profile",
        "tiny",
        "--profiles",
        profiles,
        "--out",
        tmp_path / "d",
    ]

    result = subprocess.run(
        [sys.executable, "-c", program, *map(str, words)], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert result.returncode == 2
    assert (
        result.stderr
        == f"error: {tmp_path}/part.parquet is Parquet, which needs pyarrow: pip install 'ar-loop[data]'\n"
    )


@pytest.mark.parametrize("key", ["dataset", "text"])
def test_the_choice_of_text_is_kept_by_a_call_without_one(tmp_path, prepared, key, capsys, profiles):
    (tmp_path / "stories.jsonl").write_text("".join(f'{{"text": "{story}"}}\n' for story in STORIES))
    prepared("--dataset", tmp_path / "stories.jsonl")
    manifest = tmp_path / "data" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"dataset":', f'"{key}":'))

    preparation.main(["--out", str(tmp_path / "data"), "--profiles", str(profiles)])

    assert "in place, profile tiny" in capsys.readouterr().out


def test_a_disk_that_is_too_small_is_said_before_the_download(tmp_path):
    with pytest.raises(data.DataError, match=r"1,000,000\.0 GB to come, .* GB free; ask for fewer --shards"):
        sources.check_room([Remote("http://127.0.0.1:9/x", "x", size=10**15)], tmp_path)


def test_a_dataset_has_a_pinned_validation_file_that_is_no_training_file():
    paths = {name: dataset.paths(10**6) for name, dataset in sources.DATASETS.items()}

    assert {name: len(some) for name, some in paths.items()} == {
        "climbmix": 6543,
        "fineweb-edu": 1823,
        "tinystories": 2,
    }
    assert all(len(set(some)) == len(some) for some in paths.values())
    assert {"." + path.rsplit(".", 1)[1] for some in paths.values() for path in some} <= corpus.SUFFIXES
