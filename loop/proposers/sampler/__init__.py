"""`proposer: sampler`: one step of one knob, chosen from the journal."""
