// Work beside what the caller does: threads of its own, apart from the workers of parallel.h, which
// the caller may use meanwhile.
#pragma once
#include <functional>
#include <memory>

namespace excite {

class Background {
 public:
  // Begins body(0), ..., body(count - 1), each once, in any order, on as many threads as threads()
  // says.
  Background(long count, std::function<void(long)> body);
  ~Background();  // waits
  Background(Background&&) noexcept;
  Background& operator=(Background&&) = delete;

  void wait();  // until all are done; throws what a body has thrown (the one of the lowest index)

 private:
  struct Work;
  std::unique_ptr<Work> work_;
};

}  // namespace excite
