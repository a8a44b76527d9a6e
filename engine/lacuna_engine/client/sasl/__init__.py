"""SASL as a client: mechanisms, the choice among them, credentials, and the security layer.

A mechanism does no I/O: messages in, messages out (``mechanism.py``). A new one is a class in a
file of its own and a line in ``choice.py``. Nothing is imported here, so that only a login costs
what a login needs.
"""
