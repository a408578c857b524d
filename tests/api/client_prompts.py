"""The prompts of Open WebUI's and LibreChat's hidden calls, in their shape.

First line, headings, order and the JSON asked for are the clients' (Open WebUI 0.6 to 0.9
``config.py``, LibreChat's ``agents`` ``title.ts`` and ``run.ts``); the guidelines between, which
nothing depends on, are told in a line.
"""

from __future__ import annotations

__all__ = ["COMPACTION", "EMOJI", "LIBRECHAT", "MERGE", "OPEN_WEBUI", "TOOLS"]

HISTORY = """<chat_history>
{history}
</chat_history>"""


def _task(first: str, output: str, end: str = "### Chat History:\n" + HISTORY) -> str:
    return f"### Task:\n{first}\n### Guidelines:\n- Be brief.\n### Output:\n{output}\n{end}"


AUTOCOMPLETE = (
    "### Task:\nYou are an autocompletion system. Continue the text in `<text>` based on the "
    "**completion type** in `<type>` and the given language.  \n\n### **Instructions**:\n"
    "   - **Search Query**: Complete as if generating a realistic search query.  \n"
    '5. If unsure, return: `{{ "text": "" }}`.  \n\n### **Examples**:\n#### Example 1:  \n'
    "<type>General</type>  \n<text>The sun was setting</text>  \n---\n### Context:\n"
    + HISTORY
    + "\n<type>search query</type>  \n<text>반품 배송</text>  \n#### Output:\n"
)
# The key of the JSON that is asked for → prompts that ask for it.
OPEN_WEBUI: dict[str, tuple[str, ...]] = {
    "title": (
        _task("Generate a concise title summarizing the chat history.",
              'JSON format: {{ "title": "your concise title here" }}\n### Examples:\n'
              '- {{ "title": "Stock Trends" }}'),
        _task("Generate a concise, 3-5 word title with an emoji summarizing the chat history.",
              'JSON format: {{ "title": "your concise title here" }}\n### Examples:\n'
              '- {{ "title": "📉 Stock Market Trends" }},'),
    ),
    "tags": (
        _task("Generate 1-3 broad tags categorizing the main themes of the chat history, along "
              "with 1-3 more specific subtopic tags.",
              'JSON format: {{ "tags": ["tag1", "tag2", "tag3"] }}\n'),
    ),
    "follow_ups": (
        _task("Suggest 3-5 relevant follow-up questions or prompts that the user might naturally "
              "ask next in this conversation as a **user**, based on the chat history.",
              'JSON format: {{ "follow_ups": ["Question 1?", "Question 2?", "Question 3?"] }}'),
    ),
    "queries": (
        _task("Analyze the chat history to determine the necessity of generating search queries, "
              "in the given language.",
              'Strictly return in JSON format: \n{{\n  "queries": ["query1", "query2"]\n}}\n')
        + "\n",
    ),
    "prompt": (
        _task("Generate a detailed prompt for am image generation task based on the given "
              "language and context.",
              'Strictly return in JSON format:\n{{\n    "prompt": "Your description here."\n}}\n'),
    ),
    "text": (AUTOCOMPLETE,),
}  # fmt: skip
EMOJI = (
    "Your task is to reflect the speaker's likely facial expression through a fitting emoji. "
    "Interpret emotions from the message.\n\nMessage: ```{message}```"
)
MERGE = (
    "You have been provided with a set of responses from various models to the latest user "
    'query: "{question}"\n\nYour task is to synthesize these responses into a single, '
    'high-quality response.\n\nResponses from models: """{first}"""\n\n"""{second}"""'
)
TOOLS = (
    'Available Tools: [{"name": "get_weather"}]\n\nYour task is to choose and return the correct '
    "tool(s) from the list of available tools based on the query."
)
COMPACTION = (
    "### Task:\nSummarize the conversation history that will be compacted out of the active chat "
    "context.\n\n### Instructions:\n- Be factual.\n\n### Previous Summary:\n\n\n"
    "### Messages Being Compacted:\n{history}\n\n### Recent Messages Kept In Context:\n"
)
# What LibreChat sends → whether it wants JSON.
LIBRECHAT: tuple[tuple[str, bool], ...] = (
    ("Provide a concise, 5-word-or-less title for the conversation, using title case "
     "conventions. Only return the title itself.\n\nConversation:\n"
     "User: {question}\nAI: {answer}", False),
    ("Provide a concise, 5-word-or-less title for the conversation, using its same language, "
     "with no punctuation. Apply title case conventions appropriate for the language.\n\n"
     "Conversation:\nUser: {question}\nAI: {answer}", False),
    ("Analyze this conversation and provide:\n1. The detected language of the conversation\n"
     "2. A concise title in the detected language (5 words or less, no punctuation or "
     "quotation)\n\nUser: {question}\nAI: {answer}", True),
    ("Please generate a concise, 5-word-or-less title for the conversation, using its same "
     'language, with no punctuation.\n\n||>User:\n"{question}"\n||>Response:\n"{answer}"\n\n'
     "||>Title:", False),
    ("Please generate a concise title (max 40 characters) for a conversation that starts with:\n"
     "User: {question}\nAssistant: {answer}\n\nTitle:", False),
)  # fmt: skip
