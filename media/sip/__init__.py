"""SIP signalling: calls that come in and calls we make, over UDP and TCP on one port. No sound, no rows.

    endpoint = SipEndpoint(EndpointConfig.of(settings), on_call)     # media.sip.endpoint, media.sip.config
    await endpoint.start()                                           # raises OSError when the port is taken
    call = endpoint.dial("+8613800571001", from_number="95598", rtp=stream.local, ring_timeout_s=30, listener=listener)
    await endpoint.close()                                           # BYE, CANCEL or 503 to every call, then silence

`on_call(call)` is told of a call that has been let in and whose offer we could take: it sets `call.listener`, then
rings, accepts or rejects, at once or later. What it raises is answered 500. Everything happens on the event loop that
ran `start`; no method blocks, and none of them waits for the far end but `refer`.

What may be imported from here:

- `media.sip.endpoint`  SipEndpoint: start, close, dial, calls, port, registered, reachable, trunk_missed, counts,
                        refusals; NoTrunk, Unavailable
- `media.sip.config`    EndpointConfig, Trunk, Limits
- `media.sip.call`      SipCall: what is known of a call and what can be done with it
- `media.sip.listening` CallListener, EndReason, ReferOutcome
- `media.sip.refusals`  Refusals: what was refused, in few lines; the gateway of sockets has one too
- `media.sip.offers`    Offer: where and how the far end wants its sound. `media.codec.Codec` names the laws

A listener hears, in this order: `rings` (at most once, outbound), then exactly one of
- `refused(status, reason)`: outbound alone, it was never answered. 486/600 busy, 408/480 nobody came in time, 487 we
  hung up, 503 with `call.unreachable` set: nothing answered at that address; else what the far end said;
- `answered`, and later exactly one `ended(reason)`. Outbound: their 200 came and `call.remote` is known. Inbound: their
  ACK came. An INVITE without SDP leaves `call.remote` None until then, else sound can go both ways from `accept` on.
An inbound call that is never accepted, or whose ACK never came, ends with `ended` alone (CANCELLED, NO_ACK, ...). In
between come `key` (SIP INFO) and `media_changed` (`call.remote` or `call.codec` is new: hold, another address or law).
Nothing is told from within a method of the call: a listener that calls `hang_up` hears `ended` a moment later.
"""
