"""The gateway: browser phones, media streams and live updates of pages, in one asyncio process.

`session` is one call's ears and mouth without any input or output of its own; `gateway` is the process round it.
Others start the gateway through `main` and nothing else.
"""
