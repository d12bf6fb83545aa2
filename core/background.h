// Work that runs while the caller goes on, such as decoding the next images. It has threads of its
// own, so the caller may use the workers of parallel.h meanwhile.
#pragma once
#include <functional>
#include <memory>

namespace excite {

class Background {
 public:
  // Starts body(0), ..., body(count - 1), each once, in any order, on at most threads() threads.
  Background(long count, std::function<void(long)> body);
  ~Background();  // waits until all are done
  Background(Background&&) noexcept;
  Background& operator=(Background&&) = delete;

  // Returns when all are done. An exception thrown by a body is thrown again here; if there are
  // several, the one of the lowest index.
  void wait();

 private:
  struct Work;
  std::unique_ptr<Work> work_;
};

}  // namespace excite
