"""``access-key``: the sender shows the token of its application's OAuth 2.0 client, as senders of eventhos do.

Who may send is the business of the client and its tokens, which a verifier does not know: such a request is proven by
``dialects/eventhos/``. By any other way from outside nobody gets in here.
"""

from eventyard.verifiers.closed import Closed


class AccessKeyVerifier(Closed):
    """Refuses every request that comes to the source's own URL. The token is the client's; the source has no secret."""

    scheme = "access-key"
    summary = "By a token of the application's OAuth 2.0 client, at /eventhos/event/send and nowhere else."
    signs = False
    refusal = "this source takes nothing at a URL of its own"
    instead = "POST /eventhos/event/send?event-identifier=<its name> with the header access-key"
