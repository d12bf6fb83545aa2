// Every installed header includes this one first: a project that is compiled in a way that cannot
// work with the library gets a sentence. The headers of this source tree do not include it.
#pragma once

#if __cplusplus < 202002L
#error "excite needs C++20: compile with -std=c++20"
#include <excite/the-error-above>  // no such file: the compiler stops here, without more errors
#endif

#ifdef _GLIBCXX_DEBUG
#error \
    "excite is built without -D_GLIBCXX_DEBUG, which changes the layout of std::vector: compile with -D_GLIBCXX_ASSERTIONS instead"
#include <excite/the-error-above>
#endif
