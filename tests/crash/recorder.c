/* What a process asks of its disk, in order: preload this, and every write, truncation, sync and change of a directory
 * under RECORD_ROOT is done as asked and then noted at the end of RECORD_LOG. One lock around both keeps the notes in
 * the order of the deeds. Whoever appends to the log between two notes is in that order too.
 *
 * A note is the header below, the path (relative to the root) and the data. tests/crash/recording.py reads it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

struct header {
  uint32_t kind, path_size, data_size, unused;
  uint64_t offset;
};

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static int log_file = -1;
static const char *root;

__attribute__((constructor)) static void begin(void) {
  root = getenv("RECORD_ROOT");
  const char *log = getenv("RECORD_LOG");
  int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open64");
  if (root && log) log_file = real(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

/* The part of a path below the root, or NULL for a file that is none of ours. */
static const char *ours(const char *path) {
  if (log_file < 0) return NULL;
  size_t size = strlen(root);
  if (strncmp(path, root, size) || (path[size] != '/' && path[size] != 0)) return NULL;
  size_t end = strlen(path);
  if (end > 4 && !strcmp(path + end - 4, "-shm")) return NULL; /* shared memory, made anew at every start */
  return path[size] ? path + size + 1 : path + size;
}

static const char *name_of(int fd, char *buffer) {
  char link[40];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = log_file < 0 ? -1 : readlink(link, buffer, PATH_MAX - 1);
  if (size <= 0) return NULL;
  buffer[size] = 0;
  return ours(buffer);
}

static void note(char kind, const char *path, uint64_t offset, const void *data, size_t size) {
  struct header head = {kind, strlen(path), size, 0, offset};
  struct iovec parts[] = {{&head, sizeof head}, {(void *)path, head.path_size}, {(void *)data, size}};
  ssize_t (*real)(int, const struct iovec *, int) = dlsym(RTLD_NEXT, "writev");
  if (real(log_file, parts, 3) != (ssize_t)(sizeof head + head.path_size + size)) abort();
}

#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = dlsym(RTLD_NEXT, name)
#define LOCKED(deed) int saved; pthread_mutex_lock(&one_at_a_time); deed; saved = errno; \
  pthread_mutex_unlock(&one_at_a_time); errno = saved

#define PWRITE(NAME, OFFSET) \
  ssize_t NAME(int fd, const void *data, size_t size, OFFSET offset) { \
    REAL(ssize_t, #NAME, int, const void *, size_t, OFFSET); \
    char buffer[PATH_MAX]; \
    const char *path = name_of(fd, buffer); \
    ssize_t done; \
    if (!path) return real(fd, data, size, offset); \
    LOCKED(if ((done = real(fd, data, size, offset)) > 0) note('W', path, offset, data, done)); \
    return done; \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t write(int fd, const void *data, size_t size) {
  REAL(ssize_t, "write", int, const void *, size_t);
  char buffer[PATH_MAX];
  const char *path = name_of(fd, buffer);
  ssize_t done;
  if (!path) return real(fd, data, size);
  LOCKED(if ((done = real(fd, data, size)) > 0) note('W', path, lseek64(fd, 0, SEEK_CUR) - done, data, done));
  return done;
}

#define TRUNCATE(NAME, OFFSET) \
  int NAME(int fd, OFFSET size) { \
    REAL(int, #NAME, int, OFFSET); \
    char buffer[PATH_MAX]; \
    const char *path = name_of(fd, buffer); \
    int failed; \
    if (!path) return real(fd, size); \
    LOCKED(if (!(failed = real(fd, size))) note('T', path, size, "", 0)); \
    return failed; \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define SYNC(NAME) \
  int NAME(int fd) { \
    REAL(int, #NAME, int); \
    char buffer[PATH_MAX]; \
    const char *path = name_of(fd, buffer); \
    int failed; \
    if (!path) return real(fd); \
    LOCKED(if (!(failed = real(fd))) note('S', path, 0, "", 0)); \
    return failed; \
  }
SYNC(fsync)
SYNC(fdatasync)

#define OPEN(NAME, HEAD, ARGUMENTS, EXISTS, ...) \
  int NAME HEAD { \
    REAL(int, #NAME, __VA_ARGS__); \
    mode_t mode = 0; \
    if (flags & (O_CREAT | __O_TMPFILE)) { \
      va_list more; \
      va_start(more, flags); \
      mode = va_arg(more, mode_t); \
      va_end(more); \
    } \
    if (log_file < 0 || !(flags & (O_CREAT | O_TRUNC))) return real ARGUMENTS; \
    char buffer[PATH_MAX]; \
    int fd; \
    LOCKED( \
      int existed = !EXISTS; \
      fd = real ARGUMENTS; \
      int trouble = errno; \
      const char *path = fd < 0 ? NULL : name_of(fd, buffer); \
      if (path && !existed) note('C', path, 0, "", 0); \
      if (path && existed && (flags & O_TRUNC)) note('T', path, 0, "", 0); \
      errno = trouble); \
    return fd; \
  }
#define AT const char *path_given, int flags, ...
OPEN(open, (AT), (path_given, flags, mode), access(path_given, F_OK), const char *, int, ...)
OPEN(open64, (AT), (path_given, flags, mode), access(path_given, F_OK), const char *, int, ...)
#undef AT
#define AT int directory, const char *path_given, int flags, ...
OPEN(openat, (AT), (directory, path_given, flags, mode), faccessat(directory, path_given, F_OK, 0), int, const char *, int, ...)
OPEN(openat64, (AT), (directory, path_given, flags, mode), faccessat(directory, path_given, F_OK, 0), int, const char *, int, ...)

int unlink(const char *given) {
  REAL(int, "unlink", const char *);
  const char *path = ours(given);
  int failed;
  if (!path) return real(given);
  LOCKED(if (!(failed = real(given))) note('U', path, 0, "", 0));
  return failed;
}

int rename(const char *from, const char *to) {
  REAL(int, "rename", const char *, const char *);
  const char *path = ours(from), *target = ours(to);
  int failed;
  if (!path || !target) return real(from, to);
  LOCKED(if (!(failed = real(from, to))) note('R', path, 0, target, strlen(target)));
  return failed;
}

int mkdir(const char *given, mode_t mode) {
  REAL(int, "mkdir", const char *, mode_t);
  const char *path = ours(given);
  int failed;
  if (!path) return real(given, mode);
  LOCKED(if (!(failed = real(given, mode))) note('D', path, 0, "", 0));
  return failed;
}
