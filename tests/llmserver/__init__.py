"""A model server for tests: four wire formats, and every way in which one can go wrong.

    from tests.llmserver import LLMServer, Reply

    with LLMServer(Reply("안녕하세요."), Reply(fault="cut")) as server:
        client = AsyncOpenAI(base_url=server.base_url("openai"), …)

One server speaks all formats at once, each at its own paths: OpenAI (``/v1/chat/completions``,
``/v1/models``), Anthropic (``/v1/messages``, ``/v1/models``), Ollama (``/api/chat``,
``/api/tags``) and Mi:dm (``/chat``, ``/chat/stream``, ``/health``); streamed or not, HTTP/1.1
with keep-alive. It is stdlib only, on loopback, and closes at once.

**Script.** The replies are given in turn, the last one again and again; ``server.say(…)`` starts
a new script. A callable in place of a reply is given the request's body and returns the reply.
``server.models`` is the model list, ``server.on_list = Reply(…)`` the fault of the next lists,
``server.loaded = False`` a Mi:dm without its model.

**Faults** (``Reply.fault``; ``after`` is how many words go out first, 2 unless told, 0: none):

=============== ===================================================================
no_reply        the connection is accepted, and that is all
drip_headers    a byte of an endless header every 50 ms
drip_bytes      a byte of an endless first frame every 50 ms
drip_words      a word every 0.3 s, for ever
pings           signs of life every 50 ms, and never a word
endless         words as fast as they are read, for ever
stall           nothing more after ``after`` words
cut, reset      the connection is closed (FIN, RST) after ``after`` words
bad_json        a frame with half an object after ``after`` words, then a clean end
error_event     the format's error event after ``after`` words; ``status`` says which error
no_terminal     a clean end after ``after`` words, without the terminal event
double_end      the whole answer, and its end twice
lingers         the whole answer, and then the connection stays open
html            200 with a page
context_too_long  400 in the provider's words (also ``…_vllm``, ``…_llama`` for openai)
=============== ===================================================================

``status`` (401, 403, 404, 400, 429, 500, 503, 529, …) refuses in the format's own words, with
``retry_after`` where given. ``Reply("")`` is an empty reply. A late first word is ``delay_s``,
slow words are ``gap_s`` (seconds). A server that is down: ``with nobody_there() as url``.

**What was seen.** ``server.asked`` (path, headers, body, time of each chat request),
``server.called()`` (waits for the first one), ``server.listed`` (of each model list),
``server.gone`` (set when a client hung up early),
``server.open_now`` and ``most_open`` (requests being answered, and the most at once),
``server.connections`` (with the idle ones), ``server.idle()`` (waits for ``open_now`` 0).
A bug of the server itself is raised by ``close()``.

``providers_table(server, kind)`` is the ``[llm.providers.NAME]`` row for it; ``rows`` holds the
fault matrix: what must be told of each fault before the first word, midway, and of what is odd
but whole.
"""

from __future__ import annotations

from tests.llmserver.reply import Fault, Reply, Script
from tests.llmserver.server import KINDS, Asked, LLMServer, nobody_there, providers_table

__all__ = [
    "KINDS",
    "Asked",
    "Fault",
    "LLMServer",
    "Reply",
    "Script",
    "nobody_there",
    "providers_table",
]
