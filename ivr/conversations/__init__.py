"""Conversation tests: what a caller does and hears, written beside the flows and played against them.

`steps` is what a test says, `reading` makes it of YAML, `lines` is the hotline at the other end, `talk` plays one on
the other. Nothing here knows the rest of the house: a line to the real services comes from whoever runs the tests.
"""
