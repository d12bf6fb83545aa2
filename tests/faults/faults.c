/* Makes calls of a program fail, to test what it does then: LD_PRELOAD=build/faults.so.
     FAULT        malloc  memory: malloc, calloc, realloc, new, aligned memory, mmap
                  write   write: no space left (ENOSPC)
                  short   write: only the first half of the bytes is written
                  fsync   fsync: input/output error
                  rename  rename: permission denied
                  read    read and pread: input/output error
                  part    read and pread: only the first half of the bytes is read
                  kill    the process kills itself before a call that changes a file or a folder:
                          open, write, fsync, close, rename, unlink, mkdir, fchmod
     FAULT_AT     which of these calls, counted from 1 and from the entry into main
     FAULT_TIMES  how many calls from there on; the default is 1
     FAULT_COUNT  a file that gets the number of calls when the process ends
   C alone, as it must not call what it replaces. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static char kind[16];
static long at, times;
static atomic_long count;
static int entered;

/* Whether this call, one of the kind `name`, fails. */
static int fails(const char *name) {
  if (!entered || strcmp(kind, name) != 0) return 0;
  const long call = atomic_fetch_add(&count, 1) + 1;
  return call >= at && call - at < times;
}

static void maybe_kill(void) {
  if (fails("kill")) syscall(SYS_kill, getpid(), SIGKILL);
}

static long number(const char *name, long otherwise) {
  const char *word = getenv(name);
  return word ? atol(word) : otherwise;
}

static int (*real_main)(int, char **, char **);
static int counted_main(int argc, char **argv, char **environment) {
  const char *word = getenv("FAULT");
  if (word) strncpy(kind, word, sizeof kind - 1);
  at = number("FAULT_AT", 0), times = number("FAULT_TIMES", 1);
  entered = word != NULL;
  const int code = real_main(argc, argv, environment);
  entered = 0;
  return code;
}

int __libc_start_main(int (*program)(int, char **, char **), int argc, char **argv,
                      void (*begin)(void), void (*end)(void), void (*linker_end)(void),
                      void *stack_end) {
  typedef int Start(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void),
                    void (*)(void), void *);
  Start *start = (Start *)dlsym(RTLD_NEXT, "__libc_start_main");
  real_main = program;
  return start(counted_main, argc, argv, begin, end, linker_end, stack_end);
}

__attribute__((destructor)) static void write_count(void) {
  entered = 0;
  const char *path = getenv("FAULT_COUNT");
  if (!path) return;
  char digits[24];
  char *first = digits + sizeof digits;
  long rest = atomic_load(&count);
  do *--first = (char)('0' + rest % 10);
  while ((rest /= 10) > 0);
  const int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  syscall(SYS_write, file, first, digits + sizeof digits - first);
  syscall(SYS_close, file);
}

/* ---- memory ---- */

/* For a program that begins faults itself; see steps.cpp. Returns the number of calls before. */
long begin_fault(long first, long how_many) {
  at = first, times = how_many;
  return atomic_exchange(&count, 0);
}

static void *none(void) { return errno = ENOMEM, NULL; }

/* The program has a malloc of its own (tools/small_reserve.cpp), which calls these. */
void *__libc_malloc(size_t n) { return fails("malloc") ? none() : __libc_memalign(16, n); }
void *__libc_calloc(size_t n, size_t each) {
  size_t all;
  void *memory = __builtin_mul_overflow(n, each, &all) ? none() : __libc_malloc(all);
  return memory ? memset(memory, 0, all) : NULL;
}
void *__libc_realloc(void *old, size_t n) {
  void *memory = __libc_malloc(n);
  if (!memory || !old) return memory;
  const size_t before = malloc_usable_size(old);
  memcpy(memory, old, before < n ? before : n);
  __libc_free(old);
  return memory;
}
void *memalign(size_t a, size_t n) { return fails("malloc") ? none() : __libc_memalign(a, n); }
void *aligned_alloc(size_t a, size_t n) { return memalign(a, n); }
int posix_memalign(void **memory, size_t a, size_t n) {
  return (*memory = memalign(a, n)) ? 0 : ENOMEM;
}
void *mmap(void *hint, size_t n, int protection, int flags, int file, off_t offset) {
  if (fails("malloc")) return errno = ENOMEM, MAP_FAILED;
  return (void *)syscall(SYS_mmap, hint, n, protection, flags, file, offset);
}

/* ---- files ---- */

ssize_t write(int file, const void *bytes, size_t n) {
  maybe_kill();
  if (fails("write")) return errno = ENOSPC, -1;
  if (n > 1 && fails("short")) n /= 2;
  return syscall(SYS_write, file, bytes, n);
}
ssize_t read(int file, void *bytes, size_t n) {
  if (n > 1 && fails("part")) n /= 2;
  return fails("read") ? (errno = EIO, -1) : syscall(SYS_read, file, bytes, n);
}
ssize_t pread(int file, void *bytes, size_t n, off_t offset) {
  if (n > 1 && fails("part")) n /= 2;
  return fails("read") ? (errno = EIO, -1) : syscall(SYS_pread64, file, bytes, n, offset);
}
ssize_t pread64(int file, void *bytes, size_t n, off64_t offset) {
  return pread(file, bytes, n, offset);
}
int fsync(int file) {
  maybe_kill();
  return fails("fsync") ? (errno = EIO, -1) : (int)syscall(SYS_fsync, file);
}
int rename(const char *from, const char *to) {
  maybe_kill();
  if (fails("rename")) return errno = EACCES, -1;
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}
int open(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, int) : 0;
  va_end(list);
  maybe_kill();
  return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
int close(int file) {
  maybe_kill();
  return (int)syscall(SYS_close, file);
}
int unlink(const char *path) {
  maybe_kill();
  return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}
int mkdir(const char *path, mode_t mode) {
  maybe_kill();
  return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}
int fchmod(int file, mode_t mode) {
  maybe_kill();
  return (int)syscall(SYS_fchmod, file, mode);
}
