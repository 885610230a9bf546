"""The ways a call reaches us. Each channel turns what came in into events, and outputs into what its caller hears."""
