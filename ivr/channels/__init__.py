"""The ways a call reaches us: each channel turns what came in into events, and outputs into what its caller perceives."""
