"""What a call does: the flow engine, and the channels at its edge.

The engine is pure and may be imported from anywhere: `events`, `outputs`, `flow`, `loader`, `session`, `routing`,
`expressions`, `prompts`. The turn (`runner`), the services it calls (`services`) and `channels/` do the I/O.
"""
