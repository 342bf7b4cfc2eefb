/* A disk that fails when told to: at the k-th system call that changes a campaign's files.

   Preloaded into a process that forks: `calls_arm` starts counting in the child. Each change is
   written to a journal with what it replaced, each sync as well, so that a test can take back what
   a power cut would have lost. Without `calls_watch` only the store and its log count. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIE = 0, TEAR = 1, SHORTEN = 2, FULL = 3, FAIL = 4, FAIL_SYNC = 5, NOTHING = -1 };

static long armed = 0, count = 0;
static int action = DIE, spent = 0, journal = -1;
static char watched[4096] = "";
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);

void calls_watch(const char *folder) { snprintf(watched, sizeof watched, "%s/", folder); }

void calls_arm(long at, int what, const char *path) {
  armed = at; action = what; count = 0; spent = 0;
  journal = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void load(void) {
  if (real_pwrite) return;
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
}

static int counts(const char *path) {
  if (!armed || strstr(path, "-shm")) return 0;
  if (watched[0]) return !strncmp(path, watched, strlen(watched));
  return strstr(path, "campaign.sqlite") != NULL;
}

static int ours(int file, char *path) {
  char link[64];
  ssize_t n;
  if (!armed) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  n = readlink(link, path, 4095);
  if (n < 0) return 0;
  path[n] = 0;
  return counts(path);
}

static void die(void) { kill(getpid(), SIGKILL); for (;;) pause(); }

/* What becomes of this call. */
static int fate(int is_sync) {
  count++;
  if (action == FULL) return count >= armed ? FULL : NOTHING;
  if (action == FAIL_SYNC) return is_sync && count >= armed && !spent++ ? FAIL : NOTHING;
  if (count != armed) return NOTHING;
  if (action == DIE || (action == TEAR && is_sync)) die();
  return action;
}

static int error(int number) { errno = number; return -1; }

static unsigned long long inode_of(const char *path) {
  struct stat info;
  return lstat(path, &info) ? 0 : info.st_ino;
}

static char *content_of(const char *path, ssize_t *size) {
  struct stat info;
  char *data = NULL;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  *size = -1;
  if (file < 0) return NULL;
  if (!fstat(file, &info) && (data = malloc(info.st_size + 1))) *size = pread(file, data, info.st_size, 0);
  close(file);
  return data;
}

/* `what inode offset old_size n_old n_new path|other`, then the bytes before and after. */
static void note(char what, unsigned long long inode, off_t offset, off_t old_size, const void *old,
                 ssize_t n_old, const void *new, ssize_t n_new, const char *path, const char *other) {
  char head[8500];
  load();
  snprintf(head, sizeof head, "%c %llu %lld %lld %lld %lld %s|%s\n", what, inode, (long long)offset,
           (long long)old_size, (long long)n_old, (long long)n_new, path, other);
  real_write(journal, head, strlen(head));
  if (n_old > 0) real_write(journal, old, n_old);
  if (n_new > 0) real_write(journal, new, n_new);
}

static ssize_t change(int file, const void *data, size_t length, off_t offset, const char *path) {
  struct stat info;
  int what = fate(0);
  char *old = malloc(length + 1);
  ssize_t kept = pread(file, old, length, offset);
  if (kept < 0) {  /* opened for writing only */
    int reader = open(path, O_RDONLY);
    kept = pread(reader, old, length, offset);
    close(reader);
    if (kept < 0) kept = 0;
  }
  fstat(file, &info);
  if (what == FULL && offset + (off_t)length > info.st_size) { free(old); return error(ENOSPC); }
  if (what == FAIL && length < 2) { free(old); return error(EIO); }
  if (what == TEAR || what == FAIL || (what == SHORTEN && length > 1)) length /= 2;
  if (kept > (ssize_t)length) kept = length;
  note('W', info.st_ino, offset, info.st_size, old, kept, data, length, path, "");
  free(old);
  ssize_t done = real_pwrite(file, data, length, offset);
  if (what == TEAR) die();
  return what == FAIL ? error(EIO) : done;
}

ssize_t pwrite64(int file, const void *data, size_t length, off_t offset) {
  char path[4096];
  load();
  return ours(file, path) ? change(file, data, length, offset, path)
                          : real_pwrite(file, data, length, offset);
}

ssize_t pwrite(int file, const void *data, size_t length, off_t offset) {
  return pwrite64(file, data, length, offset);
}

ssize_t write(int file, const void *data, size_t length) {
  char path[4096];
  load();
  if (!ours(file, path)) return real_write(file, data, length);
  off_t offset = lseek(file, 0, SEEK_CUR);
  ssize_t done = change(file, data, length, offset, path);
  if (done > 0) lseek(file, offset + done, SEEK_SET);
  return done;
}

static int is_watched_folder(int file, char *path) {
  struct stat info;
  if (!armed || !watched[0] || fstat(file, &info) || !S_ISDIR(info.st_mode)) return 0;
  snprintf(path, 4096, "/proc/self/fd/%d", file);
  char found[4096];
  ssize_t n = readlink(path, found, 4094);
  if (n < 0) return 0;
  found[n] = 0;
  strcpy(path, found);
  strcat(found, "/");
  return !strcmp(found, watched);
}

static int sync_with(int file, const char *name) {
  char path[4096];
  struct stat info;
  int (*real)(int) = dlsym(RTLD_NEXT, name);
  int is_folder = is_watched_folder(file, path);
  if (!is_folder && !ours(file, path)) return real(file);
  if (fate(1) == FAIL) return error(EIO);
  int done = real(file);
  fstat(file, &info);
  note(is_folder ? 'D' : 'S', info.st_ino, 0, 0, NULL, 0, NULL, 0, path, "");
  return done;
}

int fsync(int file) { return sync_with(file, "fsync"); }
int fdatasync(int file) { return sync_with(file, "fdatasync"); }

int ftruncate64(int file, off_t length) {
  char path[4096];
  int (*real)(int, off_t) = dlsym(RTLD_NEXT, "ftruncate64");
  if (!ours(file, path)) return real(file, length);
  struct stat info;
  int what = fate(0);
  fstat(file, &info);
  if (what == FAIL) return error(EIO);
  size_t lost = info.st_size > length ? info.st_size - length : 0;
  char *old = malloc(lost + 1);
  int reader = open(path, O_RDONLY);
  ssize_t kept = pread(reader, old, lost, length);
  close(reader);
  note('T', info.st_ino, length, info.st_size, old, kept < 0 ? 0 : kept, NULL, 0, path, "");
  free(old);
  int done = real(file, length);
  if (what == TEAR) die();
  return done;
}

int ftruncate(int file, off_t length) { return ftruncate64(file, length); }

int unlink(const char *path) {
  int (*real)(const char *) = dlsym(RTLD_NEXT, "unlink");
  if (!counts(path) || !inode_of(path)) return real(path);
  ssize_t size;
  int what = fate(0);
  if (what == FAIL) return error(EIO);
  char *old = content_of(path, &size);
  if (watched[0]) note('U', inode_of(path), 0, 0, old, size, NULL, 0, path, "");
  free(old);
  int done = real(path);
  if (what == TEAR) die();
  return done;
}

int rename(const char *path, const char *target) {
  int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
  if (!watched[0] || !counts(target)) return real(path, target);
  ssize_t size;
  int what = fate(0);
  if (what == FAIL) return error(EIO);
  char *old = content_of(target, &size);
  note('R', inode_of(path), 0, size, old, size, NULL, 0, path, target);
  free(old);
  int done = real(path, target);
  if (what == TEAR) die();
  return done;
}

int link(const char *path, const char *target) {
  int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "link");
  if (!watched[0] || !counts(target)) return real(path, target);
  int what = fate(0);
  if (what == FAIL) return error(EIO);
  if (what == FULL) return error(ENOSPC);
  int done = real(path, target);
  if (!done) note('L', inode_of(path), 0, 0, NULL, 0, NULL, 0, path, target);
  if (what == TEAR) die();
  return done;
}

static int open_with(const char *name, const char *path, int flags, mode_t mode) {
  int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, name);
  if (!(flags & O_CREAT) || !watched[0] || !counts(path) || inode_of(path))
    return real(path, flags, mode);
  int what = fate(0);
  if (what == FAIL) return error(EIO);
  if (what == FULL) return error(ENOSPC);
  int file = real(path, flags, mode);
  if (file >= 0) note('C', inode_of(path), 0, 0, NULL, 0, NULL, 0, path, "");
  if (what == TEAR) die();
  return file;
}

#define MODE(flags) va_list more; va_start(more, flags); \
  mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0; va_end(more);

int open64(const char *path, int flags, ...) { MODE(flags) return open_with("open64", path, flags, mode); }
int open(const char *path, int flags, ...) { MODE(flags) return open_with("open", path, flags, mode); }
