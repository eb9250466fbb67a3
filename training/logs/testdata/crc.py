"""Checks the lengths and the masked CRC-32C checksums of a TFRecord file."""
import struct
import sys


def crc32c(data):
    c = 0xFFFFFFFF
    for byte in data:
        c ^= byte
        for _ in range(8):
            c = c >> 1 ^ (0x82F63B78 if c & 1 else 0)
    return c ^ 0xFFFFFFFF


def masked(data):
    c = crc32c(data)
    return ((c >> 15 | c << 17) + 0xA282EAD8) & 0xFFFFFFFF


data = open(sys.argv[1], "rb").read()
at = 0
while at < len(data):
    (n,) = struct.unpack_from("<Q", data, at)
    (head,) = struct.unpack_from("<I", data, at + 8)
    body = data[at + 12 : at + 12 + n]
    (tail,) = struct.unpack_from("<I", data, at + 12 + n)
    if head != masked(data[at : at + 8]) or tail != masked(body):
        sys.exit(f"wrong checksum in the record at byte {at}")
    at += 16 + n
if at != len(data):
    sys.exit("the file does not end with a record")
