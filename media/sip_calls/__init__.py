"""Telephone calls by SIP: signalling of `media.sip` and sound of `media.rtp` joined to the media session and the rows.

`arriving` takes calls that come in, `dialling` rings those that the queue of call-backs wants rung, `line` is the far
end of either as the media session sees it, `transferring` puts a caller through, and `service` is the process round it.
Others start it through `service.serve` and nothing else.
"""
