"""Drawings of flows, by ourselves: Mermaid text, and SVG laid out in layers without any program of the system.

`layered.lay_out` knows boxes and lines only; `mermaid` and `svg` know `ivr.graph`. Pure, like the engine.
"""
