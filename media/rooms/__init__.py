"""Agents on calls: rooms in which a caller, agents and supervisors hear each other, and the lines of agents at work.

`mixer` is what each of them hears, without clocks or sockets; `room` lets it run; `floor` is all rooms of a process,
`agent_line` the socket of an agent, `relay` a leg whose call another process carries. Used by the media processes.

The protocol of `/agent`
------------------------
`wss://GATEWAY/agent?token=...`: JSON text messages. The token has the purpose "agent" and the claims `user` (id of a
`models.User`) and `role` (agent, supervisor, admin). One line a user: a second socket takes the line over with
whatever is going on on it, and the first is closed with 4409. Other closing codes are those of `media.sockets.Close`.
Sound is mu-law, 8 kHz, base64, in frames of 20 ms both ways. A line begins away.

In:

    {"event": "ready", "by": "browser" | "sip"}   calls may come ("by" may be left out; "sip": they ring the user's
                                                  own telephone, `User.sip_address`)
    {"event": "away"}                             no more calls; one that is going on goes on
    {"event": "answer", "call": ID}               take this waiting call, or the one that rings here
    {"event": "decline", "call": ID}              not the one that rings here
    {"event": "join", "call": ID, "mode": "listen" | "whisper" | "barge"}     supervisors and admins only
    {"event": "mode", "mode": "listen" | "whisper" | "barge"}                 the same, of the call that was joined
    {"event": "media", "media": {"payload": B64}}
    {"event": "mute", "on": true}                 nobody hears me
    {"event": "hold", "on": true}                 the caller hears music, and is not heard
    {"event": "pause_recording", "on": true}      what is said is kept out of the recording of the call, until "on":
                                                  false or until I am not on the call any more
    {"event": "dtmf", "dtmf": {"digit": "5"}}     a key towards the caller's line
    {"event": "transfer", "to": "+8657188888888" | "agent:USERNAME", "stay": false}
                                                  to a telephone; to another agent, whose line rings. "stay": true: I
                                                  stay when they have answered (three in the room) until I leave
    {"event": "leave"}                            hang up: for the last agent on the call this ends their talk, and the
                                                  flow goes on with the caller

Out:

    {"event": "line", "state": "ready" | "talking" | "away", "call": ID | null, "by": "browser" | "sip"}
    {"event": "waiting", "at_work": N, "calls": [{"call", "from", "since", "subject", "language", "danger",
     "again", "away"}]}
                                                  in the order in which they should be taken, whenever it changes.
                                                  "from", here and in "ringing", has digits hidden but for
                                                  supervisors and administrators: "+86 138 •••• •001".
                                                  "since" is ISO 8601, UTC; "again": an agent of theirs was lost;
                                                  "away": their telephone lost its connection and may come
                                                  back; they stand last
    {"event": "ringing", "call": ID, "from", "subject", "language", "by": USERNAME, "name"}
                                                  another agent offers their call; answer or decline it
    {"event": "ring_stopped", "call": ID, "reason": "declined" | "no-answer" | "gone"}
    {"event": "joined", "call": ID, "mode": "talk" | "listen" | "whisper" | "barge", "muted": false, "held": false,
     "recorded": true, "paused": false, "from", "subject", "language"}
                                                  sent again whenever something of it changes
    {"event": "room", "call": ID, "caller": "here" | "held" | "lost" | "flow", "people": [{"user", "name", "mode"}]}
                                                  who is there; agents are not told of who only listens. "lost": the
                                                  caller's phone lost its connection and may come back; "flow": the
                                                  caller is with the menus still
    {"event": "left", "call": ID, "reason": "hung up" | "caller hung up" | "transferred" | ...}
    {"event": "media", "media": {"payload": B64}}
    {"event": "clear"}                            drop what has not been heard yet
    {"event": "telephone", "state": "ringing" | "answered" | "idle"}          of the telephone on the desk: with "by":
                                                  "sip" `answer` rings it; the call is taken when it is picked up
    {"event": "key", "call": ID, "digit": "5"}    the caller has pressed a key; "•": for a private question
    {"event": "caption", "who": "caller" | "hotline" | "agent" | "notice", "text", "language", "private", "partial"}
    {"event": "transfer", "call": ID, "to": ..., "state": "ringing" | "answered" | "declined" | "no-answer" | "busy" |
     "failed" | "ended"}                          what became of a transfer; "ended": a telephone that was on the call
                                                  beside me has hung up
    {"event": "error", "code": ..., "message": ...}
"""
