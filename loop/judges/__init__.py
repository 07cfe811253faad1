"""Evaluators for what no program can measure alone: a mechanical scan and a judge model, made one number.

They read the files of a change and never run them, so they may stand outside the sandbox and hold a key.
"""
