// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

// Techmap rule: a cover statement becomes the assertion that it is never reached, which the model checker refutes.
module \$cover (A, EN);
  input A, EN;
  \$assert never_reached (.A(!A), .EN(EN));
endmodule
