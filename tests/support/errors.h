// The text of an error, for tests.
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/check.h"

namespace excite {

// True if f() throws an error of type Kind whose text contains all of `parts`.
template <class Kind = Error, class F>
testing::AssertionResult fails_saying(const F& f, const std::vector<std::string>& parts) {
  std::string message;
  try {
    f();
    return testing::AssertionFailure() << "there was no error";
  } catch (const Kind& error) {
    message = error.what();
  } catch (const std::exception& other) {
    return testing::AssertionFailure() << "an error of another type: " << other.what();
  }
  for (const std::string& part : parts)
    if (message.find(part) == std::string::npos)
      return testing::AssertionFailure()
             << "'" << part << "' is not in the error's text: " << message;
  return testing::AssertionSuccess();
}

}  // namespace excite
