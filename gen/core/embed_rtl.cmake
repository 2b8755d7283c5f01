# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# Writes OUT: the blocks of rtl/ as C++ raw strings, in the compile order of rtl/blocks.txt, with the blocks that each instantiates.
file(STRINGS ${RTL}/blocks.txt LINES REGEX "^[a-z]")
set(TEXT "#include \"gen/core/elaborate.hpp\"\nnamespace epim {\nconst std::vector<RtlSource>& rtl_sources() {\n  static const std::vector<RtlSource> sources = {\n")
foreach(LINE ${LINES})
  string(REPLACE " " ";" USES "${LINE}")
  list(POP_FRONT USES NAME)
  list(JOIN USES "\", \"" USES)
  if(USES)
    set(USES "\"${USES}\"")
  endif()
  file(READ ${RTL}/${NAME}.sv SV)
  string(APPEND TEXT "{\"${NAME}\", R\"epimrtl(${SV})epimrtl\", {${USES}}},\n")
endforeach()
string(APPEND TEXT "  };\n  return sources;\n}\n}  // namespace epim\n")
file(WRITE ${OUT} "${TEXT}")
