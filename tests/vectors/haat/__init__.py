"""A second reader of Haat, written from docs/protocol.md and docs/orders.md with Python's standard library alone.

It decodes and checks; it never signs, stores or sends. It is slow and plain on purpose: where it and the node disagree, one of
them or the document has a fault.
"""
