"""The chat in a terminal: what is drawn, what is remembered, a desk over HTTP.

It knows no ``services``: ``agent.__main__`` hands it a source of events.
"""
