#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Turns a compressed x86 kernel (bzImage) into the ELF image inside, which QEMU starts directly.

    kernel_elf.py VMLINUZ ELF

Unpacking on the host takes a second; under emulation the kernel's own unpacker takes most of a minute. A kernel of
another architecture, which is not compressed, is copied. Offsets: Linux, Documentation/x86/boot.rst."""
import lzma
import shutil
import struct
import subprocess
import sys
import zlib

SETUP_SECTORS = 0x1f1    # length of the real-mode part, in sectors of 512 bytes, without the first
BOOT_MAGIC = 0x202       # "HdrS"
PAYLOAD = 0x248          # offset and length of the compressed kernel within the protected-mode part


def unpack(payload):
    """The payload by its magic number; Debian 12 uses xz."""
    if payload.startswith(b'\xfd7zXZ\0'):
        return lzma.LZMADecompressor().decompress(payload)
    if payload.startswith(b'\x1f\x8b'):
        return zlib.decompressobj(wbits=31).decompress(payload)
    if payload.startswith(b'\x28\xb5\x2f\xfd'):
        return subprocess.run(['zstd', '-dc'], input=payload, stdout=subprocess.PIPE, check=False).stdout
    sys.exit(f'kernel_elf.py: unknown compression {payload[:6].hex()}')


def main(source, target):
    with open(source, 'rb') as file:
        image = file.read()
    if image[BOOT_MAGIC:BOOT_MAGIC + 4] != b'HdrS':
        shutil.copyfile(source, target)
        return
    protected = ((image[SETUP_SECTORS] or 4) + 1) * 512
    offset, length = struct.unpack_from('<II', image, PAYLOAD)
    kernel = unpack(image[protected + offset:protected + offset + length])
    if not kernel.startswith(b'\x7fELF'):
        sys.exit('kernel_elf.py: the payload is not an ELF image')
    with open(target, 'wb') as file:
        file.write(kernel)


if __name__ == '__main__':
    main(*sys.argv[1:])
