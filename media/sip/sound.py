"""The sound of one call as offers and answers settle it: what we told, what they told, which law it is."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from media.codec import Codec
from media.sip.offers import DTMF_TYPE, BadSdp, Description, LocalSide, Offer, choose, write_answer, write_offer


class Sound:
    """`liked`: laws of ours, the better liked first. Told a new place or law, the SDP's version grows."""

    def __init__(self, liked: tuple[Codec, ...]) -> None:
        self._liked = liked
        self._local: LocalSide | None = None
        self._told = b""
        self._told_laws = liked  # of what we told last
        self.theirs: Description | None = None
        self.codec: Codec | None = None

    @property
    def remote(self) -> Offer | None:
        return self.theirs.offer if self.theirs is not None else None

    def place(self, host: str, port: int) -> None:
        """Where our sound is heard, as it is told."""
        self._local = LocalSide(host, port, secrets.randbits(31))

    def best(self, theirs: Description) -> Codec:
        """The law in use where it is offered still, else the best liked; BadSdp where there is none."""
        if self.codec in theirs.offer.codecs and self.codec is not None:
            return self.codec
        codec = choose(theirs.offer, self._liked)
        if codec is None:
            offered = ", ".join(codec.value for codec in theirs.offer.codecs)
            raise BadSdp(488, f"none of the configured laws among {offered}")
        return codec

    def answer(self, theirs: Description, codec: Codec) -> bytes:
        """Our answer to their offer; from now on it is so."""
        self.theirs, self.codec = theirs, codec
        self._told_laws = (codec,)
        return self._tell(lambda local: write_answer(local, theirs, codec))

    def offer(self) -> bytes:
        """Our first offer, or the one of a call in which they ask for ours: all laws we take."""
        dtmf = self.theirs.offer.dtmf_type if self.theirs is not None else None
        self._told_laws = self._liked
        return self._tell(lambda local: write_offer(local, self._liked, dtmf or DTMF_TYPE))

    def as_it_is(self) -> bytes:
        """What we told last: a refresh changes nothing."""
        return self._told or self.offer()

    def agreed(self, theirs: Description) -> None:
        """Their answer to our offer; BadSdp where it has no law of ours."""
        codec = next((codec for codec in theirs.offer.codecs if codec in self._told_laws), None)
        if codec is None:
            raise BadSdp(488, "an answer without any law that was offered")
        self.theirs, self.codec = theirs, codec

    def _tell(self, write: Callable[[LocalSide], bytes]) -> bytes:
        if self._local is None:
            raise RuntimeError("our sound has no place yet: accept or dial says where it is")
        told = write(self._local)
        if self._told and told != self._told:
            self._local = self._local.next()
            told = write(self._local)
        self._told = told
        return told
