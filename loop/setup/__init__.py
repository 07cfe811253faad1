"""A first brief: asked for, tried once, doubted, written."""
