# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# The CRC as the exclusive or of all half words: the properties of load.sv hold for any check word.
s/for (int i = 0; i < 32; i++) crc32_word\[i\] = .*/crc32_word = sum[31:0] ^ sum[63:32];/
