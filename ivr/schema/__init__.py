"""JSON Schema (2020-12) of the files of a flow folder, for editors.

`shapes` are the pieces; `nodes`, `flows`, `folder` and `conversations` are the table of the language: every key once,
with what it holds and what it is for. Names of the language itself (kinds, types, actions) come from the engine, those
of the house (languages, services) from whoever asks. A test holds what the loader asks for against the table.
"""
