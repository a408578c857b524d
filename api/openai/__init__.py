"""OpenAI's API over the desk: ``/v1/models`` and ``/v1/chat/completions`` (http.md)."""
