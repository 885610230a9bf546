"""How YAML becomes a `FlowSet`: one room for each part of the language. `ivr.loader` is the door."""
