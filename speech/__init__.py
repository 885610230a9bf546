"""Ears and voice: audio, recognisers, voices, what is said and what is heard. Imports nothing else of the project.

`audio` and `endpointing` handle sound, `recognizers` (with one module an engine; `engines` knows which are installed)
turns it into text, in processes of their own (`recognizer_pools`, `recognizer_process`, `recognizer_worker`); `models`
and `model_pull` are what Vosk hears with, `lexicon` the words that can be heard. `voices` (with `pyttsx3_voice`) turns
text into sound. `phrases` and `heard` (a module a kind of value, `heard_*`) read what a caller
said, `corrections` what was mended of it, `keyed` what was keyed in; `spoken` (`spoken_*`) words what we say;
`vocabulary` is what a recogniser may expect, `check_digits` what makes a number valid. All those are pure.

Import the modules themselves: nothing is re-exported, so that each costs only what it needs.
"""
