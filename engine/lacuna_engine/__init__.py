"""The engine of Lacuna: libvirt's storage RPC and sparse streams in pure Python.

A library with an asyncio interface; the window and the command line are its clients.
The layers and the direction of their imports are listed in CONTRIBUTING.md.
"""

__version__ = "0.1.0"
