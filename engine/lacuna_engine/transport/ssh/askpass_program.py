"""Run by ssh to ask a question: hands it to the process that started ssh, prints the answer.

Uses nothing but the standard library and little of that: it is started once per question, alone.
"""

import json
import os
import socket
import sys


def main() -> int:
    """Return 0 with the answer on standard output, or 1."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(os.environ["LACUNA_ASKPASS"])
        question = {
            "text": sys.argv[1] if len(sys.argv) > 1 else "",
            "hint": os.environ.get("SSH_ASKPASS_PROMPT", ""),
        }
        sock.sendall(json.dumps(question).encode() + b"\n")
        answer = b""
        while data := sock.recv(4096):
            answer += data
    if not answer.startswith(b"0"):
        return 1
    sys.stdout.buffer.write(answer[1:] + b"\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except OSError:
        sys.exit(1)
