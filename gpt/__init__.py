"""A small GPT that is prepared, trained, scored and sampled, each in a process of its own.

prepare.py   text -> tokenizer, training shards, pinned validation part (once)
data.py      where tokens lie on disk and how to read them
train.py     THE file that experiments edit: model, optimiser, loop
evaluate.py  the scorer: validation bits per byte, out of the reach of train.py
sample.py    text from a checkpoint
"""
