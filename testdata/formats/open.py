#!/usr/bin/env python3
"""Opens an object of the store with the master key alone: open.py KEYFILE OBJECT > plain

A second implementation of docs/format.md, written from that page; needs the package `cryptography`.
It checks every frame and the hash, and writes nothing if one of them is wrong.
"""

import base64
import hashlib
import hmac
import struct
import sys

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FRAME, HEADER, EXTRA = 65536, 96, 32


def hkdf(secret, salt, info):
    prk = hmac.new(salt, secret, hashlib.sha256).digest()
    return hmac.new(prk, info + b"\x01", hashlib.sha256).digest()


def nonce(kind, index):
    return struct.pack(">B3xQ", kind, index)


def master_key(path):
    lines = [line.strip() for line in open(path) if line.strip() and not line.startswith("#")]
    return bytes.fromhex(lines[0]) if len(lines[0]) == 64 else base64.b64decode(lines[0])


def open_object(master, stored):
    header = stored[:HEADER]
    assert header[:12] == b"\x8dMVBLOB\n\x01\x01\x10\x00", "not an object of format 1"
    wrapping = hkdf(master, header[12:28], b"media-vault/1 wrap")
    data_key = AESGCM(wrapping).decrypt(header[36:48], header[48:], header[:36])

    def session(salt):
        return AESGCM(hkdf(data_key, salt, b"media-vault/1 frames" + hashlib.sha256(header).digest()))

    assert stored[-8:] == b"\x8dMVEND\r\n", "not finished, or cut"
    segments = struct.unpack(">I", stored[-12:-8])[0]
    end = len(stored) - (EXTRA + 40 + 24 * segments + 12)
    count = max(1, -(-(end - HEADER) // (FRAME + EXTRA)))
    footer = stored[end:-12]
    facts = session(footer[:16]).decrypt(nonce(3, count), footer[16:], b"")
    table = [struct.unpack(">Q16s", facts[at : at + 24]) for at in range(40, len(facts), 24)]

    plain = b""
    for index in range(count):
        at = HEADER + index * (FRAME + EXTRA)
        slot = stored[at : min(at + FRAME + EXTRA, end)]
        salt = [salt for first, salt in table if first <= index][-1]
        assert slot[:16] == salt, f"frame {index} is of another session"
        kind = 1 if index == count - 1 else 0
        plain += session(salt).decrypt(nonce(kind, index), slot[16:], b"")
    assert len(plain) == struct.unpack(">Q", facts[32:40])[0], "wrong size"
    assert hashlib.sha256(plain).digest() == facts[:32], "wrong hash"
    return plain


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.stdout.buffer.write(open_object(master_key(sys.argv[1]), open(sys.argv[2], "rb").read()))
