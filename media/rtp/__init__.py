"""The sound of calls by SIP: RTP both ways for many calls in one thread. No signalling, no rows, no sessions.

    engine = RtpEngine("127.0.0.1", 20000, 23998, loop)
    engine.start()
    stream = engine.open(receiver)                       # raises NoPortLeft; stream.local is to be announced
    stream.connect(("198.51.100.7", 4000), Codec.PCMA, 101)
    stream.play(mulaw); stream.mark("prompt 1")          # and clear, press, connect again after a re-INVITE
    report = stream.close()
    engine.close()

Inside the hotline sound is mu-law, whatever law was agreed. A stream's `Receiver` is told on the loop what comes in.
Every method is called on the loop; none blocks. While nothing is queued silence is sent, so that the way stays open.

`engine` is the thread, `ports` its sockets, `stream` one call. Of that, each tried without a socket: `outgoing` what is
sent, `far_end` to whom and whose sound is taken, `arrivals` which packets came, `reception` puts their sound in order,
`comfort` is the noise of silence, `telephone_events` and `tones` are keys, `reporting` and `reports` RTCP.
"""

from media.rtp.engine import RtpEngine
from media.rtp.ports import NoPortLeft
from media.rtp.reports import StreamReport
from media.rtp.stream import Receiver, RtpStream

__all__ = ["NoPortLeft", "Receiver", "RtpEngine", "RtpStream", "StreamReport"]
