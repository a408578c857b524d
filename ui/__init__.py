"""Streamlit pieces the pages share: the guard, the session, sign-in, states and cards."""
