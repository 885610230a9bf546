"""Twilio Studio flow definitions -> a folder of flows in our language, and a list of what could not be brought over.

`definition` reads the JSON, `liquid` its variables, `conditions` its splits, `widgets` and `voice` turn widgets into
nodes, `writing` makes YAML of them, `folder` puts the files together.
"""
