#include "core/parallel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/available_cores.h"
#include "core/background.h"
#include "core/check.h"

namespace excite {

namespace {

// A training step is a few hundred short jobs. Waking a worker after each one would take longer
// than the work, and a worker that never slept would take time from other programs. So an idle
// worker spins for a moment, then blocks.
constexpr int spins_before_blocking = 4000;

// Tells the processor that this loop waits, which saves power and leaves the core to its other
// thread.
void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb");  // `yield` does nothing on most cores
#endif
}

thread_local bool inside_a_body = false;

// The indices of one parallel loop, divided into equal ranges, one per thread. Of the exceptions
// thrown by bodies, the one of the lowest index is kept, so that it is always the same.
class Job {
 public:
  void begin(int threads, long count, const std::function<void(long)>& body) {
    if (std::ssize(ranges_) != threads) ranges_ = std::vector<Range>(threads);
    for (long t = 0; t < threads; t++) {
      Range& range = ranges_[t];
      range.next = count * t / threads, range.end = count * (t + 1) / threads;
    }
    body_ = &body, failed_ = count, error_ = nullptr;
  }
  // Runs what is left of the thread's own range, then of the other ranges.
  void run(int thread) {
    const bool nested = std::exchange(inside_a_body, true);
    for (std::size_t t = 0; t < ranges_.size(); t++) {
      Range& range = ranges_[(static_cast<std::size_t>(thread) + t) % ranges_.size()];
      for (long i; (i = range.next++) < range.end;) call(i);
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

  // Each range has a cache line of its own, so that counting in one does not slow down another.
  struct alignas(64) Range {
    std::atomic<long> next = 0;
    long end = 0;
  };
  std::vector<Range> ranges_;
  const std::function<void(long)>* body_ = nullptr;
  long failed_ = 0;  // the lowest index whose body threw
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
      throw Error(text("starting threads: the system allows only ", started + 1, " of the ",
                       count + 1, " requested threads (", error.code().message(),
                       "); use fewer threads"));
    } catch (...) {  // out of memory
      end();
      throw;
    }
  }
  ~Workers() { end(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  int count() const { return static_cast<int>(threads_.size()); }

  // Where other programs keep the cores busy, a worker may wake up late. So the caller does not
  // wait for workers that have not joined the job: it runs their ranges itself.
  void run(long count, const std::function<void(long)>& body) {
    job_.begin(this->count() + 1, count, body);
    inside_ -= closed;
    wake();
    job_.run(0);
    inside_ += closed;
    for (int spin = 0; inside_ != closed; spin++)
      spin < spins_before_blocking ? relax() : std::this_thread::yield();
    job_.rethrow();
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
      jobs_begun_++;
    }
    job_begun_.notify_all();
  }

  void work(int thread) {
    for (long seen = 0; true;) {
      for (int spin = 0; jobs_begun_ == seen && spin < spins_before_blocking; spin++) relax();
      if (jobs_begun_ == seen) {
        std::unique_lock lock(mutex_);
        job_begun_.wait(lock, [&] { return jobs_begun_ != seen; });
      }
      seen = jobs_begun_;
      if (stop_) return;
      if (!(inside_++ & closed)) job_.run(thread);
      inside_--;
    }
  }

  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable job_begun_;
  std::atomic<long> jobs_begun_ = 0;
  // The workers that run the job, or look whether they may, plus `closed` between jobs. `closed` is
  // added and subtracted, never assigned: a late worker may be looking at the same time.
  static constexpr int closed = 1 << 30;
  std::atomic<int> inside_ = closed;
  std::atomic<bool> stop_ = false;
  Job job_;
};

// The workers of the program: one fewer than the threads of a loop, as its caller works too. The
// caller whose loop has them holds the mutex.
struct SharedWorkers {
  std::mutex mutex;
  std::unique_ptr<Workers> workers;
};
// Never destroyed, because the program may end while one of its threads runs a loop.
SharedWorkers& shared_workers() {
  static SharedWorkers& shared = *new SharedWorkers;
  return shared;
}

std::atomic<int> count_set = 0;  // by set_threads; 0 if it was never called

}  // namespace

void set_threads(int count) {
  require<UsageError>(count >= 1 && count <= 1024, "set_threads(", count, "): expected 1 to 1024");
  count_set = count;
  if (inside_a_body) return;
  SharedWorkers& shared = shared_workers();
  if (const std::unique_lock lock(shared.mutex, std::try_to_lock); lock) shared.workers.reset();
}

int threads() {
  static const int available = available_cores();
  const int count = count_set;
  return count > 0 ? count : available;
}

void parallel_for(long count, const std::function<void(long)>& body) {
  if (const int wanted = threads(); wanted > 1 && count > 1 && !inside_a_body) {
    auto& [mutex, workers] = shared_workers();
    if (const std::unique_lock lock(mutex, std::try_to_lock); lock) {
      if (workers && workers->count() != wanted - 1) workers.reset();
      if (!workers) workers = std::make_unique<Workers>(wanted - 1);
      return workers->run(count, body);
    }
  }
  for (long i = 0; i < count; i++) body(i);
}

void parallel_ranges(long items, long min_items, const std::function<void(long, long)>& body) {
  const long count = std::clamp(items / std::max(1l, min_items), 1l, 8l * threads());
  parallel_for(count, [&](long i) { body(items * i / count, items * (i + 1) / count); });
}

// ---- work in the background ----

struct Background::Work {
  explicit Work(std::function<void(long)> function) : body(std::move(function)) {}
  ~Work() { join(); }
  void join() {
    for (std::thread& t : threads) t.join();
    threads.clear();
  }
  const std::function<void(long)> body;
  Job job;
  std::vector<std::thread> threads;
};

Background::Background(long count, std::function<void(long)> body)
    : work_(new Work(std::move(body))) {
  const int threads = static_cast<int>(std::min<long>(excite::threads(), count));
  work_->job.begin(threads, count, work_->body);
  try {
    for (int i = 0; i < threads; i++)
      work_->threads.emplace_back([work = work_.get(), i] { work->job.run(i); });
  } catch (const std::system_error&) {
    // The system allows no more threads: those that were started do all the work, or wait() does.
  } catch (const std::bad_alloc&) {  // the same
  }
}
Background::~Background() = default;
Background::Background(Background&&) noexcept = default;

void Background::wait() {
  work_->job.run(0);
  work_->join();
  work_->job.rethrow();
}

}  // namespace excite
