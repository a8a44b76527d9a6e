"""Item models: what the views show. Nothing here starts work or knows a connection."""
