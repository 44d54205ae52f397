"""What a sink says when it could not deliver a batch."""

from __future__ import annotations

from engine.errors import TiercelError


class DeliveryError(TiercelError):
    """The first ``delivered`` alerts of the batch have arrived, the next ``refused`` ones are not wanted.

    What is left of the batch is given to the sink again: at once if some were refused, else after a while.
    """

    def __init__(self, message: str, *, hint: str = "", delivered: int = 0, refused: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.delivered = delivered
        self.refused = refused
