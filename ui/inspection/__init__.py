"""정책 검사: the search looked into, the policies edited, imported, and what they do not answer."""
