"""Milvus's test server in a network namespace: it opens its ports on all addresses, so it gets none but loopback.

    unshare --net python isolated_milvus.py DESCRIPTOR FOLDER

The listening socket of that descriptor comes from outside, bound to 127.0.0.1 there; what connects to it is passed on
to the server.
"""

from __future__ import annotations

import contextlib
import fcntl
import socket
import struct
import sys
import threading

from milvus import MilvusServer

PORT = 19530
_SIOCSIFFLAGS, _UP = 0x8914, 0x1


def main() -> None:
    listener = socket.socket(fileno=int(sys.argv[1]))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH14s", b"lo", _UP, b""))
    server = MilvusServer(data_dir=sys.argv[2], proxy_port=PORT)
    server.start()
    print("ready", flush=True)
    while True:
        outside, _ = listener.accept()
        inside = socket.create_connection(("127.0.0.1", PORT))
        for source, target in ((outside, inside), (inside, outside)):
            target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=pass_on, args=(source, target), daemon=True).start()


def pass_on(source: socket.socket, target: socket.socket) -> None:
    """Copy what arrives until one side ends."""
    try:
        while data := source.recv(1 << 18):
            target.sendall(data)
    except OSError:
        pass
    for side in (source, target):
        with contextlib.suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)


if __name__ == "__main__":
    main()
