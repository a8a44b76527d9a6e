"""Print what the bytes of a local image are: data, holes, or zeros that need not be sent.

python extent_map.py disk.raw
"""

import sys

from lacuna_engine.errors import LacunaError
from lacuna_engine.extents import Kind, file_map


def print_map(path: str) -> None:
    extents = file_map(path, zero_scan=True)
    for start, end, kind in extents.kinds():
        print(f"{start:>16} {end - start:>16}  {kind.name.lower()}")
    print(f"{extents.bytes_of(Kind.DATA)} of {extents.size} bytes would be sent")


if __name__ == "__main__":
    try:
        print_map(sys.argv[1])
    except LacunaError as error:
        sys.exit(f"{error}\n{error.hint}")
