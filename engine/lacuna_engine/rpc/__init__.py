"""libvirt's RPC without I/O: packets, the procedure table, records, and one peer for each role."""
