/*
 * A disk that goes wrong, without being root: loaded before the C library (LD_PRELOAD), it stands between a process and
 * its files below one folder.
 *
 *   HOMEBEAT_DISK_FOLDER   absolute path of the folder
 *   HOMEBEAT_DISK_CONTROL  a file, outside it, with "<order> <fault> <number>", read before every call; a new order
 *                          starts its count anew. Faults: none · full · read-only · error (the next <number> writes
 *                          or syncs) · slow (<number> ms for each sync) · lie (a sync that does nothing, and says done)
 *
 * Full: every call that writes, grows a file or makes one is refused, as on a file system that never writes in place.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static long last_order = -1;
static long left = 0;

struct fault {
  char name[16];
  long number;
};

/* Raw system calls: reading the control file must not meet the faults it orders. */
static struct fault ordered(void) {
  struct fault fault = {"none", 0};
  const char *path = getenv("HOMEBEAT_DISK_CONTROL");
  long order = 0;
  char text[64];
  if (!path) return fault;
  int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return fault;
  ssize_t length = syscall(SYS_read, fd, text, sizeof text - 1);
  syscall(SYS_close, fd);
  if (length <= 0) return fault;
  text[length] = 0;
  if (sscanf(text, "%ld %15s %ld", &order, fault.name, &fault.number) < 2) {
    strcpy(fault.name, "none");
    return fault;
  }
  if (order != last_order) {
    last_order = order;
    left = fault.number;
  }
  return fault;
}

static int is(struct fault fault, const char *name) { return strcmp(fault.name, name) == 0; }

static int below(const char *path) {
  const char *folder = getenv("HOMEBEAT_DISK_FOLDER");
  size_t length = folder ? strlen(folder) : 0;
  return length > 0 && strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static int ours(int fd) {
  char link[40], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return below(path);
}

/* The errno with which a write is refused, or 0. */
static int refusal(int fd) {
  if (!ours(fd)) return 0;
  struct fault fault = ordered();
  if (is(fault, "full")) return ENOSPC;
  if (is(fault, "read-only")) return EROFS;
  if (is(fault, "error") && left > 0) {
    left--;
    return EIO;
  }
  return 0;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define REFUSE(fd)                  \
  do {                              \
    int refused = refusal(fd);      \
    if (refused) {                  \
      errno = refused;              \
      return -1;                    \
    }                               \
  } while (0)

ssize_t write(int fd, const void *data, size_t size) {
  static ssize_t (*real)(int, const void *, size_t);
  if (!real) real = REAL(write);
  REFUSE(fd);
  return real(fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
  static ssize_t (*real)(int, const void *, size_t, off_t);
  if (!real) real = REAL(pwrite);
  REFUSE(fd);
  return real(fd, data, size, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
  static ssize_t (*real)(int, const void *, size_t, off64_t);
  if (!real) real = REAL(pwrite64);
  REFUSE(fd);
  return real(fd, data, size, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  static ssize_t (*real)(int, const struct iovec *, int);
  if (!real) real = REAL(writev);
  REFUSE(fd);
  return real(fd, parts, count);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
  static ssize_t (*real)(int, const struct iovec *, int, off_t);
  if (!real) real = REAL(pwritev);
  REFUSE(fd);
  return real(fd, parts, count, at);
}

int ftruncate(int fd, off_t size) {
  static int (*real)(int, off_t);
  if (!real) real = REAL(ftruncate);
  REFUSE(fd);
  return real(fd, size);
}

int ftruncate64(int fd, off64_t size) {
  static int (*real)(int, off64_t);
  if (!real) real = REAL(ftruncate64);
  REFUSE(fd);
  return real(fd, size);
}

int fallocate(int fd, int mode, off_t at, off_t size) {
  static int (*real)(int, int, off_t, off_t);
  if (!real) real = REAL(fallocate);
  REFUSE(fd);
  return real(fd, mode, at, size);
}

int posix_fallocate(int fd, off_t at, off_t size) {
  static int (*real)(int, off_t, off_t);
  if (!real) real = REAL(posix_fallocate);
  int refused = refusal(fd);
  return refused ? refused : real(fd, at, size);
}

static int synced(int fd, int (*real)(int)) {
  if (!ours(fd)) return real(fd);
  struct fault fault = ordered();
  if (is(fault, "lie")) return 0;
  if (is(fault, "slow")) {
    struct timespec time = {fault.number / 1000, (fault.number % 1000) * 1000000};
    nanosleep(&time, NULL);
  }
  REFUSE(fd);
  return real(fd);
}

int fsync(int fd) {
  static int (*real)(int);
  if (!real) real = REAL(fsync);
  return synced(fd, real);
}

int fdatasync(int fd) {
  static int (*real)(int);
  if (!real) real = REAL(fdatasync);
  return synced(fd, real);
}

/* The errno with which opening is refused, or 0. */
static int closed(const char *path, int flags) {
  int writes = (flags & O_ACCMODE) != O_RDONLY;
  if ((!writes && !(flags & O_CREAT)) || !below(path)) return 0;
  struct fault fault = ordered();
  if (is(fault, "read-only")) return EROFS;
  if (is(fault, "full") && (flags & O_CREAT) && access(path, F_OK) != 0) return ENOSPC;
  return 0;
}

#define OPEN(name)                                          \
  int name(const char *path, int flags, ...) {              \
    static int (*real)(const char *, int, ...);             \
    if (!real) real = REAL(name);                           \
    va_list rest;                                           \
    va_start(rest, flags);                                  \
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0; \
    va_end(rest);                                           \
    int refused = closed(path, flags);                      \
    if (refused) {                                          \
      errno = refused;                                      \
      return -1;                                            \
    }                                                       \
    return real(path, flags, mode);                         \
  }

OPEN(open)
OPEN(open64)
