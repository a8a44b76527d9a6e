"""Sample images for a demo, whoever shows it."""

from lacuna_engine.demo.samples import make_samples, write_qcow2

__all__ = ["make_samples", "write_qcow2"]
