#include "core/parallel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/background.h"
#include "core/check.h"

namespace excite {

namespace {

// A training step is a few hundred short jobs: a worker that went to sleep after each would cost
// more than the work. One that never slept would starve other programs. So workers spin for a
// moment, then block.
constexpr int spins_before_blocking = 4000;

void relax() { __builtin_ia32_pause(); }

thread_local bool inside_a_body = false;

// The bodies of a job, dealt out in equal runs. Of what they throw the first by index is kept, so
// always the same.
class Turns {
 public:
  void begin(int threads, long count, const std::function<void(long)>& what) {
    if (std::ssize(runs_) != threads) runs_ = std::vector<Run>(threads);
    for (long t = 0; t < threads; t++) {
      Run& run = runs_[t];
      run.next = count * t / threads, run.end = count * (t + 1) / threads;
    }
    body_ = &what, failed_ = count, error_ = nullptr;
  }
  void take(int thread) {
    const bool nested = std::exchange(inside_a_body, true);
    for (std::size_t t = 0; t < runs_.size(); t++) {
      Run& run = runs_[(static_cast<std::size_t>(thread) + t) % runs_.size()];
      for (long i; (i = run.next++) < run.end;) call(i);
    }
    inside_a_body = nested;
  }
  void rethrow() {
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }

 private:
  void call(long i) {
    try {
      (*body_)(i);
    } catch (...) {
      std::lock_guard lock(mutex_);
      if (i < failed_) failed_ = i, error_ = std::current_exception();
    }
  }

  struct alignas(
      64) Run {  // a cache line for each, so that threads do not wait for one another to count
    std::atomic<long> next = 0;
    long end = 0;
  };
  std::vector<Run> runs_;
  const std::function<void(long)>* body_ = nullptr;
  long failed_ = 0;
  std::mutex mutex_;
  std::exception_ptr error_;
};

class Workers {
 public:
  explicit Workers(int count) {
    try {
      for (int i = 0; i < count; i++) threads_.emplace_back([this, i] { work(i + 1); });
    } catch (const std::system_error& error) {
      const std::size_t started = threads_.size();
      end();
      throw Error(text("the system gives no more than ", started + 1, " of the ", count + 1,
                       " threads that are wanted (", error.code().message(), "); ask for fewer"));
    }
  }
  ~Workers() { end(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  int count() const { return static_cast<int>(threads_.size()); }

  void run(long count, const std::function<void(long)>& body) {
    turns_.begin(this->count() + 1, count, body);
    busy_ = this->count();
    wake();
    turns_.take(0);
    for (int spin = 0; busy_ > 0; spin++)
      spin < spins_before_blocking ? relax() : std::this_thread::yield();
    turns_.rethrow();
  }

 private:
  void end() {
    stop_ = true;
    wake();
    for (std::thread& t : threads_) t.join();
    threads_.clear();
  }

  void wake() {
    {
      std::lock_guard lock(mutex_);
      job_++;
    }
    ready_.notify_all();
  }

  void work(int thread) {
    for (long seen = 0; true; busy_--) {
      for (int spin = 0; job_ == seen && spin < spins_before_blocking; spin++) relax();
      if (job_ == seen) {
        std::unique_lock lock(mutex_);
        ready_.wait(lock, [&] { return job_ != seen; });
      }
      seen = job_;
      if (stop_) return;
      turns_.take(thread);
    }
  }

  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::atomic<long> job_ = 0;
  std::atomic<int> busy_ = 0;
  std::atomic<bool> stop_ = false;
  Turns turns_;
};

int wanted = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
std::unique_ptr<Workers> workers;  // one fewer than `wanted`: the caller works too

}  // namespace

void set_threads(int count) {
  require<UsageError>(count >= 1 && count <= 1024, "set_threads(", count, "): expected 1 to 1024");
  wanted = count;
  workers.reset();
}

int threads() { return wanted; }

void parallel_for(long count, const std::function<void(long)>& body) {
  if (wanted == 1 || count <= 1 || inside_a_body) {
    for (long i = 0; i < count; i++) body(i);
    return;
  }
  if (!workers) workers = std::make_unique<Workers>(wanted - 1);
  workers->run(count, body);
}

Shards::Shards(long n, long grain)
    : items(n), count(std::clamp(n / std::max(1l, grain), 1l, max_shards)) {}

void parallel_shards(const Shards& shards, const std::function<void(long, long, long)>& body) {
  parallel_for(shards.count, [&](long s) { body(s, shards.begin(s), shards.end(s)); });
}

// ---- beside the caller ----

struct Background::Work {
  explicit Work(std::function<void(long)> what) : body(std::move(what)) {}
  ~Work() { join(); }
  void join() {
    for (std::thread& t : threads) t.join();
    threads.clear();
  }
  const std::function<void(long)> body;
  Turns turns;
  std::vector<std::thread> threads;
};

Background::Background(long count, std::function<void(long)> body)
    : work_(new Work(std::move(body))) {
  const int threads = static_cast<int>(std::min<long>(wanted, count));
  work_->turns.begin(threads, count, work_->body);
  try {
    for (int i = 0; i < threads; i++)
      work_->threads.emplace_back([work = work_.get(), i] { work->turns.take(i); });
  } catch (
      const std::system_error&) {  // no more threads to be had: the fewer do all, or wait() does
  }
}
Background::~Background() = default;
Background::Background(Background&&) noexcept = default;

void Background::wait() {
  work_->turns.take(0);
  work_->join();
  work_->turns.rethrow();
}

}  // namespace excite
