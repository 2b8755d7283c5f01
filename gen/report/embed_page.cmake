# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# Writes OUT: the files of PAGE as C++ raw strings, in the order of FILES (names between commas).
string(REPLACE "," ";" FILES "${FILES}")
set(TEXT "#include \"gen/report/page.hpp\"\nnamespace epim::report {\nconst std::vector<PageFile>& page_files() {\n  static const std::vector<PageFile> files = {\n")
foreach(NAME ${FILES})
  file(READ ${PAGE}/${NAME} CONTENT)
  string(APPEND TEXT "{\"${NAME}\", R\"epimpage(${CONTENT})epimpage\"},\n")
endforeach()
string(APPEND TEXT "  };\n  return files;\n}\n}  // namespace epim::report\n")
file(WRITE ${OUT} "${TEXT}")
