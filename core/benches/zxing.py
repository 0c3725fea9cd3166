"""Reads the frames of a folder with zxing-cpp: name, milliseconds and text of each, a line."""

import pathlib
import struct
import sys
import time

import zxingcpp

for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    raw = path.read_bytes()
    width, height = struct.unpack("<II", raw[:8])
    frame = memoryview(raw)[8:].cast("B", shape=[height, width])
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        found = zxingcpp.read_barcodes(frame, formats=zxingcpp.BarcodeFormat.QRCode)
        times.append(time.perf_counter() - begin)
    took = min(times) * 1_000
    print(path.name, took, found[0].text if found else "", sep="\t")
