"""Ears and voice: audio, recognisers, voices, what is said and what is heard. Imports nothing else of the project.

`audio` and `endpointing` handle sound, `recognizers` (with one module an engine) turns it into text, `voices` (with
`pyttsx3_voice`) turns text into sound. `phrases` and `heard` read what a caller said, `spoken` words what we say;
those three are pure. Import the modules themselves: nothing is re-exported, so that each costs only what it needs.
"""
