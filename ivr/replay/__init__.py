"""A real call again, from its stored turns, on its own flows or on others: is it the same, and where does it part?

Pure: turns as they are stored come in, a verdict goes out. `stored` is what comes in, `perceived` what of a turn is
compared, `placeholders` what stands for values that were not kept, `calls` plays a call, `summary` groups many.
"""
